/** People who sign in: their invitations, their roles, and the link that lets the first one in. */
import type { CommandRow } from './command-row.ts'

export const memberCommands: readonly CommandRow[] = [
  {
    ...{ noun: 'members', verb: 'list', operation: 'listMembers' },
    shows: 'members',
    columns: ['id', 'email', 'name', 'role', 'status', 'joinedAt'],
    examples: ['turnpike members list'],
  },
  {
    ...{ noun: 'members', verb: 'invite', operation: 'inviteMember' },
    args: ['email'],
    secret: { at: 'link', is: 'invitation', of: 'member.email' },
    examples: ['turnpike members invite ann@example.com --role reader', 'turnpike members invite --role admin'],
  },
  {
    ...{ noun: 'members', verb: 'update', operation: 'updateMember' },
    args: ['id'],
    shows: 'member',
    examples: ['turnpike members update mem_0VYp3kQm5d41402abc4b --role admin'],
  },
  {
    ...{ noun: 'members', verb: 'remove', operation: 'removeMember' },
    args: ['id'],
    destroys: 'ends every session of the person',
    examples: ['turnpike members remove mem_0VYp3kQm5d41402abc4b --yes'],
  },
  {
    ...{ noun: 'members', verb: 'whoami', operation: 'getSession' },
    shows: 'session',
    examples: ['turnpike members whoami'],
  },
  {
    ...{ noun: 'members', verb: 'setup-link', operation: 'createSetupLink' },
    secret: { at: 'link', is: 'link' },
    examples: ['turnpike setup-link', 'turnpike setup-link --organisation acme'],
  },
]
