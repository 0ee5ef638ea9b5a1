/** The sentences of a start that cannot go on: what, where, and what to do; one line each, after `turnpike: `. */

/** `askedBy` is the option or variable that named the port. */
export const portTaken = (port: number, askedBy: string): string =>
  `port ${port} was asked for (${askedBy}) and is taken. Free it, or: TURNPIKE_PORT=${nextPort(port)} npm start`

/** Only a port that nobody asked for moves on by itself. */
export const portMoved = (port: number, free: number): string => `${port} is taken; listening on ${free}`

export const dataHeld = (dataDir: string, processId: number): string =>
  `${dataDir} is held by another Turnpike (process ${processId}). SQLite is for one process; for more set TURNPIKE_DATABASE_URL`

export const dataNotWritable = (dataDir: string, owner: number, runningAs: number): string =>
  `${dataDir} cannot be written (owned by ${owner}, running as ${runningAs}). Run: chown ${runningAs} ${dataDir}, or set TURNPIKE_DATA_DIR`

export const passwordRefused = (server: string, user: string): string =>
  `PostgreSQL at ${server} refused the password of user ${user} (a container's POSTGRES_PASSWORD counts only when its volume is new)`

/** Migrations by number; a newer version has been here. */
export const migratedByNewer = (found: string, known: string): string =>
  `the database was migrated by a newer Turnpike (${found}, this one knows ${known}). Start that version; nothing was changed`

const nextPort = (port: number): number => (port < 65_535 ? port + 1 : port - 1)
