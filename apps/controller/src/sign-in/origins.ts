/** The addresses that people sign in at. A session belongs to one: what comes under another name is not looked at. */
import { hostname, networkInterfaces } from 'node:os'
import type { FastifyRequest } from 'fastify'

export interface Origins {
  /** Of this request, such as `https://tagship.example.com`; null where the controller does not know the name. */
  of(request: FastifyRequest): string | null
}

export interface Place {
  readonly scheme: 'http' | 'https'
  readonly bind: string
  readonly port: number
}

/** The public address, as users reach it, and what the machine calls itself where the controller listens. */
export function knownOrigins(publicUrl: string, places: readonly Place[]): Origins {
  const urls = [...places.flatMap(addressesOf), publicUrl]
  const byHost = new Map(
    urls.flatMap((text) => {
      const url = URL.parse(text)
      return url ? [[url.host, url.origin] as const] : []
    }),
  )
  return { of: (request) => byHost.get(hostOf(request)) ?? null }
}

function addressesOf({ scheme, bind, port }: Place): string[] {
  const names = ['localhost', '127.0.0.1', '[::1]', bracketed(bind), ...(isAny(bind) ? machineNames() : [])]
  return names.map((name) => `${scheme}://${name}:${port}`)
}

/** As a URL has it: in small letters, and without the port that the scheme implies. */
function hostOf(request: FastifyRequest): string {
  return URL.parse(`${request.protocol}://${request.headers.host ?? ''}`)?.host ?? ''
}

function isAny(bind: string): boolean {
  return bind === '0.0.0.0' || bind === '::'
}

function machineNames(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return [hostname(), ...addresses.map(({ address }) => bracketed(address.replace(/%.*$/, '')))]
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}
