/** The tables of sign-in, as better-auth 1.7 reads and writes them. Its names are its own, hence the quotes. */
import type { Engine } from '../engine.ts'
import { migrationOf } from '../migrations/ddl.ts'

export function usersMigration(engine: Engine) {
  const [time, flag, end] = engine === 'sqlite' ? ['TEXT', 'INTEGER', ' STRICT'] : ['TIMESTAMPTZ', 'BOOLEAN', '']
  const prefix = engine === 'sqlite' ? '' : 'auth.'
  const table = (name: string, columns: string) =>
    `CREATE TABLE ${prefix}"${name}" ("id" TEXT NOT NULL PRIMARY KEY, ${columns}, "createdAt" ${time} NOT NULL, "updatedAt" ${time} NOT NULL)${end}`
  const owner = `"userId" TEXT NOT NULL REFERENCES ${prefix}"user" ("id") ON DELETE CASCADE`
  return migrationOf([
    table('user', `"name" TEXT NOT NULL, "email" TEXT NOT NULL UNIQUE, "emailVerified" ${flag} NOT NULL, "image" TEXT`),
    table(
      'session',
      `"expiresAt" ${time} NOT NULL, "token" TEXT NOT NULL UNIQUE, "ipAddress" TEXT, "userAgent" TEXT, ${owner}`,
    ),
    table(
      'account',
      `"accountId" TEXT NOT NULL, "providerId" TEXT NOT NULL, ${owner}, "accessToken" TEXT, "refreshToken" TEXT, "idToken" TEXT,
       "accessTokenExpiresAt" ${time}, "refreshTokenExpiresAt" ${time}, "scope" TEXT, "password" TEXT`,
    ),
    table('verification', `"identifier" TEXT NOT NULL, "value" TEXT NOT NULL, "expiresAt" ${time} NOT NULL`),
    `CREATE INDEX session_by_user ON ${prefix}"session" ("userId")`,
    `CREATE INDEX account_by_user ON ${prefix}"account" ("userId")`,
    `CREATE INDEX verification_by_identifier ON ${prefix}"verification" ("identifier")`,
  ])
}
