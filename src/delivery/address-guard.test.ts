import { describe, expect, test } from 'vitest'
import { createAddressGuard, isPublic } from './address-guard.ts'

const names: Record<string, readonly string[]> = {
  'hooks.example.com': ['93.184.216.34', '2606:4700::1'],
  'inside.example.com': ['10.0.0.7'],
  'both.example.com': ['93.184.216.34', '127.0.0.1'],
  'mapped.example.com': ['::ffff:10.0.0.7'],
}
const resolve = async (host: string) => names[host] ?? Promise.reject(new Error('no such name'))
const vet = (url: string, allow: readonly string[] = []) => createAddressGuard(allow, resolve).vet(url)
const sentence = async (url: string, allow?: readonly string[]) => {
  const vetted = await vet(url, allow)
  return 'refused' in vetted ? vetted.refused : `${vetted.address}`
}

test.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.7',
  '203.0.113.7',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '64:ff9b::7f00:1',
  '64:ff9b:1::1',
  '100::1',
  '2001:0:1::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '4000::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fec0::1',
  'ff02::1',
  'example.com',
])('%s is not public', (address) => expect(isPublic(address)).toBe(false))

test.each(['8.8.8.8', '93.184.216.34', '2606:4700::1111', '2a00:1450:4001::200e'])('%s is', (address) =>
  expect(isPublic(address)).toBe(true),
)

describe('an address of a webhook', () => {
  test('over https with public addresses alone is used, at the first of them', async () => {
    expect(await vet('https://hooks.example.com/x?y=1')).toMatchObject({ address: '93.184.216.34', family: 4 })
  })

  test.each([
    ['http://hooks.example.com/', 'only https'],
    ['https://user@hooks.example.com/', 'user name'],
    ['https://:secret@hooks.example.com/', 'user name'],
    ['ftp://hooks.example.com/', 'expected an https address'],
    ['nothing', 'expected an https address'],
    [`https://hooks.example.com/${'x'.repeat(2_000)}`, 'expected an https address'],
    ['https://unknown.example.com/', 'not found'],
    ['https://inside.example.com/', 'not public'],
    ['https://both.example.com/', 'not public'],
    ['https://mapped.example.com/', 'not public'],
    ['https://127.0.0.1/', 'not public'],
    ['https://127.1/', 'not public'],
    ['https://2130706433/', 'not public'],
    ['https://0x7f.0.0.1/', 'not public'],
    ['https://[::1]/', 'not public'],
    ['https://[::ffff:7f00:1]/', 'not public'],
  ])('%s is refused: %s', async (url, reason) => expect(await sentence(url)).toContain(reason))

  test.each([
    ['http://127.0.0.1:8080/', ['127.0.0.1']],
    ['http://127.0.0.9/', ['127.0.0.0/8']],
    ['http://[::1]/', ['[::1]']],
    ['http://inside.example.com/', ['Inside.Example.com']],
    ['http://inside.example.com./', ['*.example.com']],
    ['https://inside.example.com/', ['10.0.0.0/8']],
    ['https://mapped.example.com/', ['10.0.0.0/8']],
    ['https://both.example.com/', ['127.0.0.0/8']],
  ])('%s is used where the operator allows %s', async (url, allow) =>
    expect(await vet(url, allow)).toHaveProperty('address'),
  )

  test.each([
    ['http://both.example.com/', ['127.0.0.0/8']],
    ['https://inside.example.com/', ['*.inside.example.com', '192.168.0.0/16', 'example.com', '::/0']],
    ['https://inside.example.com.evil.test/', ['*.example.com']],
  ])('%s is not covered by %s', async (url, allow) => expect(await vet(url, allow)).toHaveProperty('refused'))
})
