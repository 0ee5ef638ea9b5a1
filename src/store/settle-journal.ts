/**
 * Settles that the database could not take, on this machine's own disk until it does: flushed before `append` returns,
 * bounded, and found again by whichever process starts next on the same folder. It is a small SQLite file that one process
 * holds at a time; a process that finds it held takes another one beside it.
 */
import { chmodSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { crc32 } from 'node:zlib'
import BetterSqlite3 from 'better-sqlite3'
import type { Settle } from '../core/ledger-commands.ts'
import { decodeOutcome, encodeOutcome } from '../core/ledger-settle.ts'
import type { Log } from '../lib/log.ts'

/** `command` undefined: what was written cannot be read. */
export type JournalEntry = { readonly place: number; readonly command: Settle | undefined }

export type SettleJournal = {
  /** All of them or none, flushed. Throws where there is no room left. */
  append(commands: readonly Settle[]): void
  /** The oldest that wait. */
  waiting(limit: number): JournalEntry[]
  remove(entries: readonly JournalEntry[]): void
  /** Keeps it for a person to look at, where it is in nobody's way. */
  setAside(entry: JournalEntry, reason: string): void
  readonly size: number
  /** What it takes of the disk, and the most that it may. */
  readonly bytes: number
  readonly mostBytes: number
  /** Enough for the calls that are under way. */
  readonly hasRoom: boolean
  close(): void
}

const PAGE_BYTES = 4_096
const MOST_BYTES = 32 * 1_048_576
/** The rest is for the calls that were admitted before. */
const ROOM_FOR_NEW = 0.5
/** Of what was set aside the oldest give way. */
const MOST_ASIDE = 200
/** So many processes may share a folder. */
const MOST_FILES = 64

const TABLE = `CREATE TABLE IF NOT EXISTS settles (
  place INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL, checksum INTEGER NOT NULL, aside TEXT)`

type Database = BetterSqlite3.Database

/** Takes over what dead processes left in the folder. */
export function openSettleJournal(
  folder: string,
  log: Pick<Log, 'error' | 'warn'>,
  mostBytes = MOST_BYTES,
): SettleJournal {
  const { db, file } = openOwn(folder, log)
  db.pragma(`max_page_count = ${Math.ceil(mostBytes / PAGE_BYTES)}`)
  for (const name of journalsIn(folder)) if (name !== basename(file)) takeOver(db, join(folder, name), log)
  return journalOf(db, mostBytes)
}

const journalsIn = (folder: string): string[] =>
  readdirSync(folder).filter((name) => /^settle-journal-\d+\.db$/.test(name))

function openOwn(folder: string, log: Pick<Log, 'error'>): { db: Database; file: string } {
  for (let number = 1; number <= MOST_FILES; number++) {
    const file = join(folder, `settle-journal-${number}.db`)
    const db = hold(file, log)
    if (db) return { db, file }
  }
  throw new Error(
    `${folder} has ${MOST_FILES} journals that other processes hold: give each process a data folder of its own`,
  )
}

/** Undefined: another process holds it. The lock is the operating system's, and ends with its process. */
function hold(file: string, log: Pick<Log, 'error'>): Database | undefined {
  try {
    return opened(file)
  } catch (error) {
    const code = error instanceof BetterSqlite3.SqliteError ? error.code : ''
    if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return undefined
    if (!/^SQLITE_(CORRUPT|NOTADB)/.test(code)) throw error
    log.error({ file, error }, 'a journal cannot be read and was renamed; its calls are settled by estimates')
    renameSync(file, `${file}.broken`)
    return opened(file)
  }
}

function opened(file: string): Database {
  const db = new BetterSqlite3(file, { timeout: 0 })
  try {
    db.pragma('locking_mode = EXCLUSIVE')
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    // Who takes it over reads what may name people: nothing of it is to stay once it is settled.
    db.pragma('secure_delete = ON')
    db.exec(TABLE)
    db.prepare('SELECT COUNT(*) FROM settles').get()
    chmodSync(file, 0o600)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** All that a dead process left. Where there is no room for it, it stays for a later start. */
function takeOver(own: Database, file: string, log: Pick<Log, 'error' | 'warn'>): void {
  const left = hold(file, log)
  if (!left) return
  try {
    const rows = left.prepare('SELECT text, checksum, aside FROM settles ORDER BY place').all()
    const insert = own.prepare('INSERT INTO settles (text, checksum, aside) VALUES (@text, @checksum, @aside)')
    own.transaction(() => {
      for (const row of rows) insert.run(row)
    })()
    left.close()
    for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
  } catch (error) {
    left.close()
    log.warn({ file, error }, 'a journal could not be taken over; it stays for the next start')
  }
}

type Row = { readonly place: number; readonly text: string; readonly checksum: number }

function journalOf(db: Database, mostBytes: number): SettleJournal {
  const insert = db.prepare('INSERT INTO settles (text, checksum) VALUES (?, ?)')
  const select = db.prepare<[number], Row>(
    'SELECT place, text, checksum FROM settles WHERE aside IS NULL ORDER BY place LIMIT ?',
  )
  const drop = db.prepare('DELETE FROM settles WHERE place = ?')
  const mark = db.prepare('UPDATE settles SET aside = ? WHERE place = ?')
  const forget = db.prepare(
    'DELETE FROM settles WHERE place IN (SELECT place FROM settles WHERE aside IS NOT NULL ORDER BY place DESC LIMIT -1 OFFSET ?)',
  )
  const counted = db.prepare('SELECT COUNT(*) FROM settles WHERE aside IS NULL').pluck()
  const usedPages = () =>
    Number(db.pragma('page_count', { simple: true }) as number) -
    Number(db.pragma('freelist_count', { simple: true }) as number)
  const room = (mostBytes / PAGE_BYTES) * ROOM_FOR_NEW
  const look = () => {
    const pages = usedPages()
    return { size: Number(counted.get()), bytes: pages * PAGE_BYTES, hasRoom: pages < room }
  }
  let state = look()
  const change = (work: () => void) => {
    db.transaction(work)()
    state = look()
    if (state.size === 0) db.pragma('wal_checkpoint(TRUNCATE)')
  }
  return {
    append: (commands) =>
      change(() => {
        for (const text of commands.map(encodeOutcome)) insert.run(text, crc32(text))
      }),
    waiting: (limit) => select.all(limit).map((row) => ({ place: row.place, command: commandOf(row) })),
    remove: (entries) =>
      change(() => {
        for (const { place } of entries) drop.run(place)
      }),
    setAside: ({ place }, reason) =>
      change(() => {
        mark.run(reason, place)
        forget.run(MOST_ASIDE)
      }),
    get size() {
      return state.size
    },
    get bytes() {
      return state.bytes
    },
    mostBytes,
    get hasRoom() {
      return state.hasRoom
    },
    close: () => void db.close(),
  }
}

function commandOf({ text, checksum }: Row): Settle | undefined {
  if (crc32(text) !== checksum) return undefined
  try {
    return decodeOutcome(text) as Settle
  } catch {
    return undefined
  }
}
