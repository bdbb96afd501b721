/** Deliveries as the providers send them: the shapes are those of their documentation, cut to what is read here. */
import { createHmac } from 'node:crypto'
import type { WebhookProvider } from '@tagship/domain'
import { describe, expect, test } from 'vitest'
import { mayTellOfTags } from '../src/webhooks/payload.ts'
import { digestOf, isSigned } from '../src/webhooks/signature.ts'

const sha = '82b3d5ae55f7080f1e6022629cdb57bfae7cccc7'
const none = '0'.repeat(40)

/** By provider: what it sends for a new tag, and for a branch. */
const payloads: Record<Exclude<WebhookProvider, 'plain'>, { tag: object[]; branch: object[] }> = {
  github: {
    tag: [
      {
        ref: 'refs/tags/v1.0.0',
        before: none,
        after: sha,
        created: true,
        deleted: false,
        forced: false,
        base_ref: 'refs/heads/main',
        compare: `https://github.com/octo/shop/compare/v1.0.0`,
        commits: [],
        head_commit: { id: sha, message: 'Release', timestamp: '2026-11-24T12:00:00+01:00' },
        repository: { id: 186853002, full_name: 'octo/shop', clone_url: 'https://github.com/octo/shop.git' },
        pusher: { name: 'octo', email: 'octo@example.com' },
        sender: { login: 'octo', id: 21031067 },
      },
      { ref: 'v1.0.0', ref_type: 'tag', master_branch: 'main', description: null, pusher_type: 'user' },
      { zen: 'Keep it logically awesome.', hook_id: 30, hook: { type: 'Repository', events: ['push'] } },
    ],
    branch: [
      { ref: 'refs/heads/main', before: sha, after: sha, commits: [] },
      { ref: 'topic', ref_type: 'branch', master_branch: 'main', pusher_type: 'user' },
    ],
  },
  gitlab: {
    tag: [
      {
        object_kind: 'tag_push',
        event_name: 'tag_push',
        before: none,
        after: sha,
        ref: 'refs/tags/v1.0.0',
        ref_protected: true,
        checkout_sha: sha,
        message: 'Release',
        user_id: 1,
        project_id: 1,
        project: { name: 'Example', path_with_namespace: 'jsmith/example' },
        commits: [],
        total_commits_count: 0,
      },
    ],
    branch: [{ object_kind: 'push', event_name: 'push', ref: 'refs/heads/master', before: sha, after: sha }],
  },
  gitea: {
    tag: [
      { sha, ref: 'v1.0.0', ref_type: 'tag', repository: { full_name: 'gitea/webhooks' } },
      { ref: 'refs/tags/v1.0.0', before: none, after: sha, compare_url: '', commits: [], total_commits: 0 },
    ],
    branch: [{ ref: 'refs/heads/develop', before: sha, after: sha, commits: [] }],
  },
  forgejo: {
    tag: [{ sha, ref: 'v1.0.0', ref_type: 'tag', repository: { full_name: 'forgejo/webhooks' } }],
    branch: [{ ref: 'refs/heads/develop', before: sha, after: sha, commits: [] }],
  },
  bitbucket: {
    tag: [
      {
        push: {
          changes: [
            {
              old: null,
              new: { name: 'v1.0.0', type: 'tag', target: { type: 'commit', hash: sha } },
              created: true,
              closed: false,
              forced: false,
            },
          ],
        },
        repository: { type: 'repository', full_name: 'team/shop' },
      },
      {
        eventKey: 'repo:refs_changed',
        changes: [
          {
            ref: { id: 'refs/tags/v1.0.0', displayId: 'v1.0.0', type: 'TAG' },
            refId: 'refs/tags/v1.0.0',
            fromHash: none,
            toHash: sha,
            type: 'ADD',
          },
        ],
      },
    ],
    branch: [
      {
        push: { changes: [{ old: { type: 'branch', name: 'main' }, new: { type: 'branch', name: 'main' } }] },
      },
      { eventKey: 'repo:refs_changed', changes: [{ ref: { id: 'refs/heads/main', type: 'BRANCH' } }] },
    ],
  },
}

describe.each(Object.entries(payloads))('%s', (name, { tag, branch }) => {
  const provider = name as WebhookProvider
  test('tells of tags, and of branches', () => {
    const tells = (payload: object) => mayTellOfTags(provider, Buffer.from(JSON.stringify(payload)))
    expect(tag.map(tells)).toEqual(tag.map(() => true))
    expect(branch.map(tells)).toEqual(branch.map(() => false))
  })

  test('may tell of tags where it is not understood', () => {
    for (const body of ['', '{', 'null', '[]', '{"ref":5}', '"x"']) {
      expect(mayTellOfTags(provider, Buffer.from(body))).toBe(true)
    }
  })
})

test('a form of GitHub is read, too', () => {
  const form = (payload: object) =>
    Buffer.from(new URLSearchParams({ payload: JSON.stringify(payload) }).toString())
  expect(mayTellOfTags('github', form({ ref: 'refs/heads/main' }))).toBe(false)
  expect(mayTellOfTags('github', form({ ref: 'refs/tags/v1' }))).toBe(true)
})

describe('a signature', () => {
  const now = 1_764_000_000_000
  const delivery = (headers: Record<string, string>, body = '{"ref":"refs/tags/v1"}', at = now) => ({
    body: Buffer.from(body),
    header: (name: string) => headers[name],
    now: at,
  })

  test('of GitHub is that of its documentation’s example', () => {
    const headers = {
      'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    }
    expect(isSigned('github', delivery(headers, 'Hello, World!'), "It's a Secret to Everybody")).toBe(true)
    expect(isSigned('github', delivery(headers, 'Hello, World?'), "It's a Secret to Everybody")).toBe(false)
    expect(isSigned('github', delivery({}, 'Hello, World!'), "It's a Secret to Everybody")).toBe(false)
  })

  const body = '{"ref":"refs/tags/v1"}'
  const hex = createHmac('sha256', 'secret').update(body).digest('hex')
  test.each([
    ['github', { 'x-hub-signature-256': `sha256=${hex}` }],
    ['gitlab', { 'x-gitlab-token': 'secret' }],
    ['gitea', { 'x-gitea-signature': hex }],
    ['forgejo', { 'x-forgejo-signature': hex }],
    ['bitbucket', { 'x-hub-signature': `sha256=${hex}` }],
  ] as const)('of %s counts with its secret, in its header, and in no other way', (provider, headers) => {
    expect(isSigned(provider, delivery(headers), 'secret')).toBe(true)
    expect(isSigned(provider, delivery(headers), 'Secret')).toBe(false)
    expect(isSigned(provider, delivery({}), 'secret')).toBe(false)
    expect(isSigned(provider, delivery(headers), '')).toBe(false)
    if (provider !== 'gitlab') expect(isSigned(provider, delivery(headers, `${body} `), 'secret')).toBe(false)
  })

  test('of the plain one is that of Standard Webhooks, and is five minutes old at most', () => {
    // From https://github.com/standard-webhooks/standard-webhooks, the libraries' own test.
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const payload = '{"test": 2432232314}'
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    }
    const sent = (seconds: number, more = {}) =>
      delivery({ ...headers, ...more }, payload, (1_614_265_330 + seconds) * 1_000)
    expect(isSigned('plain', sent(0), secret)).toBe(true)
    expect(isSigned('plain', sent(299), secret)).toBe(true)
    expect(isSigned('plain', sent(301), secret)).toBe(false)
    expect(isSigned('plain', sent(-301), secret)).toBe(false)
    expect(isSigned('plain', sent(0, { 'webhook-id': 'msg_other' }), secret)).toBe(false)
    expect(isSigned('plain', sent(0, { 'webhook-timestamp': 'now' }), secret)).toBe(false)
    const several = `v1,AAAA ${headers['webhook-signature']}`
    expect(isSigned('plain', sent(0, { 'webhook-signature': several }), secret)).toBe(true)
  })

  test('is of the same delivery whatever its unsigned headers say', () => {
    const one = digestOf('github', delivery({ 'x-github-delivery': 'a' }))
    expect(digestOf('github', delivery({ 'x-github-delivery': 'b' }))).toBe(one)
    expect(digestOf('github', delivery({}, '{}'))).not.toBe(one)
    expect(digestOf('gitea', delivery({}))).not.toBe(one)
  })
})
