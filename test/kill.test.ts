import { test } from 'vitest'
import { expectKillsSurvived } from './kill-checks.ts'

const LIMIT_MS = 120_000

test(
  'a kill at any moment leaves one record for each admitted call, no reservation, and sums that agree',
  {
    timeout: LIMIT_MS,
  },
  () => expectKillsSurvived(3),
)
