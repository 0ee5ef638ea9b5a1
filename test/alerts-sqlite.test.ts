import { describe } from 'vitest'
import { alertsContract } from './alerts.contract.ts'
import { openSqliteBackend } from './backends.ts'

describe('alerts on SQLite', () => alertsContract(openSqliteBackend))
