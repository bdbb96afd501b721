import { describe, expect, it } from 'vitest'
import { parseCounts, sumCounts } from '../src/kubernetes/counts.ts'

/** As HAProxy 3.0 says it. */
const metrics = `# HELP haproxy_backend_current_sessions Current number of sessions
# TYPE haproxy_backend_current_sessions gauge
haproxy_backend_current_sessions{proxy="app"} 4
haproxy_backend_http_responses_total{proxy="app",code="2xx"} 51
haproxy_backend_http_responses_total{proxy="app",code="5xx"} 7
haproxy_backend_http_requests_total{proxy="app"} 62
haproxy_backend_response_time_average_seconds{proxy="app"} 0.012000
`

describe('what a counter says', () => {
  it('is read from its metrics', () => {
    expect(parseCounts(metrics)).toEqual({ requests: 62, serverErrors: 7, inFlight: 4, responseMs: 12 })
  })

  it('is nothing before the first request', () => {
    expect(parseCounts('')).toEqual({ requests: 0, serverErrors: 0, inFlight: 0, responseMs: 0 })
  })

  it('is added up over the pods that answer', () => {
    const counts = parseCounts(metrics)
    const pods = [counts, null, counts].map((counts) => ({ name: 'pod', isReady: true, counts }))
    expect(sumCounts(pods)).toEqual({ requests: 124, serverErrors: 14, inFlight: 8 })
  })
})
