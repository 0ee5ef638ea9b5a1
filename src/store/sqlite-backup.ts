/** A copy of a SQLite database beside whoever writes to it: one moment of it, in one file, found whole. */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { StoreUnusable } from './store.ts'

export type CopyProgress = { readonly done: number; readonly total: number }

type Copying = {
  readonly from: string
  readonly to: string
  /** In pages of the database. */
  readonly onProgress?: (progress: CopyProgress) => void
  /** Looks at the whole copy before it gets its name; what it throws leaves no copy behind. */
  readonly check?: (copy: string) => Promise<void>
}

/** Between two of these steps others have their turn. */
const PAGES_A_STEP = 1_000

/**
 * The file has its name only once it is whole and on disk. Rejects with {@link StoreUnusable} where something of that name
 * is there, or where the copy is damaged.
 */
export async function copySqlite({ from, to, onProgress, check }: Copying): Promise<void> {
  assertFree(to)
  const aside = `${to}.partial-${process.pid}`
  try {
    closeSync(openSync(aside, 'wx', 0o600)) // Readable by its owner alone, from the first byte on.
    await copyPages(from, aside, onProgress)
    settleIn(aside)
    await check?.(aside)
    flush(aside)
    closeSync(openSync(to, 'wx', 0o600)) // Of two that want the name at once, one fails here.
    renameSync(aside, to)
    flush(dirname(to))
  } catch (error) {
    throw isTaken(error) ? taken(to) : error
  } finally {
    for (const left of ['', '-wal', '-shm', '-journal']) rmSync(`${aside}${left}`, { force: true })
  }
}

/** The transaction holds on to one snapshot, so that what is written meanwhile neither gets in nor starts the copy again. */
async function copyPages(from: string, to: string, onProgress: Copying['onProgress']): Promise<void> {
  const source = new BetterSqlite3(from, { fileMustExist: true })
  try {
    source.pragma('query_only = ON')
    source.exec('BEGIN')
    source.prepare('SELECT COUNT(*) FROM sqlite_schema').get()
    await source.backup(to, {
      progress({ totalPages, remainingPages }) {
        onProgress?.({ done: totalPages - remainingPages, total: totalPages })
        return PAGES_A_STEP
      },
    })
  } finally {
    source.close()
  }
}

/** One file, without a log beside it; each page of it is looked at. */
function settleIn(copy: string): void {
  const db = new BetterSqlite3(copy)
  try {
    db.pragma('journal_mode = DELETE')
    const found = db.pragma('integrity_check', { simple: true })
    if (found !== 'ok') throw new StoreUnusable(`the copy is damaged, and so may be what it was made of: ${found}`)
  } finally {
    db.close()
  }
}

export function assertFree(file: string): void {
  if (existsSync(file)) throw taken(file)
}

const taken = (file: string) =>
  new StoreUnusable(`${file} is there already, and no copy is written over. Name another file`)

const isTaken = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EEXIST'

function flush(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
