/** Members: people of an organisation, from their invitation on. Who they are to sign-in is in a database of its own. */
import type { Engine } from '../engine.ts'
import { ddlFor, migrationOf } from './ddl.ts'

export function membersMigration(engine: Engine) {
  const { owned } = ddlFor(engine)
  return migrationOf([
    owned(
      'members',
      `code TEXT NOT NULL, user_id TEXT, email TEXT, name TEXT, role TEXT NOT NULL, via TEXT NOT NULL,
       link_hash TEXT, link_expires_at INT, created_at INT NOT NULL, joined_at INT, removed_at INT`,
    ),
    'CREATE UNIQUE INDEX members_by_link ON members (link_hash) WHERE link_hash IS NOT NULL',
    'CREATE UNIQUE INDEX members_by_user ON members (user_id) WHERE removed_at IS NULL AND user_id IS NOT NULL',
    'CREATE UNIQUE INDEX members_by_email ON members (email) WHERE removed_at IS NULL AND joined_at IS NOT NULL',
    'CREATE INDEX members_by_organisation ON members (organisation_id, id)',
  ])
}
