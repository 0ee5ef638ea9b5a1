import { expect, test } from 'vitest'
import { dataHeld, dataNotWritable, migratedByNewer, passwordRefused, portMoved, portTaken } from './start-faults.ts'

test('a start that cannot go on says what, where and what to do, in one line', () => {
  expect([
    portTaken(8787, 'TURNPIKE_PORT'),
    portMoved(8787, 8788),
    dataHeld('./data', 4121),
    dataNotWritable('./data', 0, 1000),
    passwordRefused('db:5432', 'turnpike'),
    migratedByNewer('0031', '0028'),
  ]).toEqual([
    'port 8787 was asked for (TURNPIKE_PORT) and is taken. Free it, or: TURNPIKE_PORT=8788 npm start',
    '8787 is taken; listening on 8788',
    './data is held by another Turnpike (process 4121). SQLite is for one process; for more set TURNPIKE_DATABASE_URL',
    './data cannot be written (owned by 0, running as 1000). Run: chown 1000 ./data, or set TURNPIKE_DATA_DIR',
    "PostgreSQL at db:5432 refused the password of user turnpike (a container's POSTGRES_PASSWORD counts only when its volume is new)",
    'the database was migrated by a newer Turnpike (0031, this one knows 0028). Start that version; nothing was changed',
  ])
})

test('the port that is offered instead exists', () => {
  expect(portTaken(65_535, '--port')).toContain('TURNPIKE_PORT=65534')
})
