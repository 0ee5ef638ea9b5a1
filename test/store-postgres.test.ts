import { describe } from 'vitest'
import { openPostgresBackend } from './backends.ts'
import { storeContract } from './store.contract.ts'

describe('the store on PostgreSQL', () => {
  storeContract({ open: openPostgresBackend, without: [] })
})
