import { describe } from 'vitest'
import { alertsContract } from './alerts.contract.ts'
import { openPostgresBackend } from './backends.ts'

describe('alerts on PostgreSQL', () => alertsContract(openPostgresBackend))
