/** What `turnpike doctor` prints: a line a finding, with the cure where there is one. */
export type Finding = {
  /** What was looked at, in a word or two. */
  readonly check: string
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped'
  readonly says: string
  /** What to do about it. */
  readonly cure?: string
}

const WORDS = { ok: 'ok', warning: 'warning', failed: 'FAILED', skipped: 'skipped' } as const

export function doctorOutput(findings: readonly Finding[], json: boolean): { stdout: string; stderr: string } {
  const failed = findings.filter(({ state }) => state === 'failed').length
  const warnings = findings.filter(({ state }) => state === 'warning').length
  const stderr = `turnpike: ${findings.length} looked at, ${failed} failed, ${warnings} to look after\n`
  if (json) return { stdout: `${JSON.stringify({ findings }, null, 2)}\n`, stderr }
  const width = Math.max(...findings.map(({ check }) => check.length))
  return { stdout: findings.map((finding) => line(finding, width)).join(''), stderr }
}

const line = ({ check, state, says, cure }: Finding, width: number): string =>
  `${WORDS[state].padEnd(8)}${check.padEnd(width)}  ${oneLine(says)}${cure === undefined ? '' : `. Cure: ${oneLine(cure)}`}\n`

/** What comes from elsewhere neither ends the line nor steers the terminal. */
const oneLine = (text: string): string => text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim()
