/** Calls that somebody who has none yet can look at: to models that simulate, and to none that costs anything. */
import { client } from './client.ts'

/** Of the account, its key and every end user: nobody takes them for something else. */
export const SAMPLE = 'sample'
export const SAMPLE_CALLS = 40

const MODELS = ['sentences', 'echo', 'cache-hit', 'cache-write', 'reasoning', 'tool-call', 'audio', 'exact'] as const
const AT_ONCE = 4

/** Makes the account, or opens it again, gives it credit and a key, and calls with that. The secret stays in this page. */
export async function makeSample(knownId: string | undefined, told: (calls: number) => void): Promise<void> {
  const accountId = await openSample(knownId)
  const description = 'Sample traffic of the dashboard: simulated calls, no money'
  await client.addCredits({ accountId, amount: '1', category: 'promotional', description })
  const name = 'sample traffic (simulated)'
  const { secret } = await client.admin.createApiKey({ name, accountId, allowedModels: ['simulator/*'], limit: '1' })
  let [begun, ended] = [0, 0]
  const worker = async () => {
    while (begun < SAMPLE_CALLS) {
      await call(secret, begun++)
      told(++ended)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

async function openSample(knownId: string | undefined): Promise<string> {
  if (knownId === undefined) return (await client.createAccount({ name: SAMPLE, externalId: SAMPLE })).account.id
  await client.updateAccount(knownId, { status: 'open' })
  return knownId
}

/** The key comes before the session, which calls nothing. */
async function call(secret: string, index: number): Promise<void> {
  const model = `simulator/${MODELS[index % MODELS.length]}`
  const words = Array.from({ length: 5 + (index % 7) * 12 }, (_, at) => `word${at}`).join(' ')
  const response = await fetch('/v1/chat/completions', {
    method: 'POST',
    credentials: 'omit',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
    body: JSON.stringify({
      ...{ model, max_tokens: 60 + (index % 5) * 40, user: `${SAMPLE}-user-${1 + (index % 3)}` },
      messages: [{ role: 'user', content: `Sample call ${index + 1}: ${words}` }],
    }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`A sample call to ${model} was answered ${response.status}: ${text.slice(0, 200)}`)
}

/** Its keys are deleted, and the account is closed, what is left of its credit with it. Calls are history, and stay. */
export async function removeSample(accountId: string): Promise<void> {
  const { keys } = await client.admin.listApiKeys({ accountId, limit: 100 })
  for (const { id } of keys) await client.admin.deleteApiKey(id)
  await client.updateAccount(accountId, { status: 'closed', expire: true })
}
