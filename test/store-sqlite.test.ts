import { describe } from 'vitest'
import { openSqliteBackend } from './backends.ts'
import { storeContract } from './store.contract.ts'

describe('the store on SQLite', () => {
  storeContract({ open: openSqliteBackend, without: [] })
})
