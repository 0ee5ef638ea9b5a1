import { expect, test } from 'vitest'
import { createClientAddress, networkOf, type TrustProxy } from './client-address.ts'

const from = (trust: TrustProxy, forwarded: string | undefined, remoteAddress = '10.0.0.1') =>
  createClientAddress(trust)({
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    socket: { remoteAddress },
  })

test('without trust nobody says who they are but the connection', () => {
  expect(from(false, '1.1.1.1')).toBe('10.0.0.1')
  expect(from(0, '1.1.1.1')).toBe('10.0.0.1')
  expect(from([], '1.1.1.1')).toBe('10.0.0.1')
})

test('so many proxies are believed as were named, however many addresses a client invents', () => {
  const forwarded = '6.6.6.6, 2.2.2.2, 10.0.0.2'
  expect(from(1, forwarded)).toBe('10.0.0.2')
  expect(from(2, forwarded)).toBe('2.2.2.2')
  expect(from(true, forwarded)).toBe('6.6.6.6')
})

test('proxies are known by their address or network, in either family', () => {
  const forwarded = '6.6.6.6, 2.2.2.2, 10.0.0.2'
  expect(from(['10.0.0.0/8'], forwarded)).toBe('2.2.2.2')
  expect(from(['10.0.0.1'], forwarded)).toBe('10.0.0.2')
  expect(from(['10.0.0.0/8'], forwarded, '::ffff:10.0.0.1')).toBe('2.2.2.2')
  expect(from(['fd00::/8'], '3.3.3.3', 'fd00::1')).toBe('3.3.3.3')
  expect(from(['no address', '10.0.0.0/99'], forwarded)).toBe('10.0.0.1')
})

test('what is no address ends the list', () => {
  expect(from(true, 'unknown, 2.2.2.2')).toBe('2.2.2.2')
  expect(from(true, '')).toBe('10.0.0.1')
  expect(from(true, `${'1.1.1.1,'.repeat(1_000)}2.2.2.2`)).toBe('1.1.1.1')
})

test('addresses of one IPv6 network are one', () => {
  expect(networkOf('2001:db8:1:2:aaaa::1')).toBe('2001:db8:1:2')
  expect(networkOf('2001:0DB8:1:2::')).toBe('2001:db8:1:2')
  expect(networkOf('::1')).toBe('0:0:0:0')
  expect(networkOf('192.0.2.7')).toBe('192.0.2.7')
  expect(networkOf('')).toBe('')
})
