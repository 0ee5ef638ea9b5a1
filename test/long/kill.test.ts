import { test } from 'vitest'
import { expectKillsSurvived } from '../kill-checks.ts'

const LIMIT_MS = 900_000

test('fifty kills in a row, on one folder, lose nothing and charge nothing twice', { timeout: LIMIT_MS }, () =>
  expectKillsSurvived(50),
)
