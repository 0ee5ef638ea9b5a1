/** People of an organisation: who is a member, who is invited, and who asks. */
import { Deleted } from './api-keys.ts'
import {
  Invitation,
  InvitationReply,
  MemberList,
  MemberParams,
  MemberPatch,
  MemberQuery,
  MemberReply,
  SessionReply,
  SetupLinkReply,
  SetupLinkRequest,
} from './members.ts'
import { operation } from './operation.ts'

const management = { dialect: 'openai', key: 'management' } as const

export const memberOperations = [
  operation({
    ...management,
    name: 'getSession',
    method: 'GET',
    path: '/api/admin/session',
    result: SessionReply,
    errors: [],
  }),
  operation({
    ...management,
    name: 'listMembers',
    method: 'GET',
    path: '/api/admin/members',
    query: MemberQuery,
    result: MemberList,
    errors: [],
  }),
  operation({
    ...management,
    name: 'inviteMember',
    method: 'POST',
    path: '/api/admin/members',
    body: Invitation,
    result: InvitationReply,
    status: 201,
    errors: ['email_taken'],
  }),
  operation({
    ...management,
    name: 'updateMember',
    method: 'PATCH',
    path: '/api/admin/members/{id}',
    params: MemberParams,
    body: MemberPatch,
    result: MemberReply,
    errors: ['not_found', 'last_admin'],
  }),
  operation({
    ...management,
    name: 'removeMember',
    method: 'DELETE',
    path: '/api/admin/members/{id}',
    params: MemberParams,
    result: Deleted,
    errors: ['not_found', 'last_admin'],
  }),
  operation({
    dialect: 'openai',
    key: 'operator',
    name: 'createSetupLink',
    method: 'POST',
    path: '/api/admin/setup-link',
    body: SetupLinkRequest,
    result: SetupLinkReply,
    status: 201,
    errors: ['not_found'],
  }),
] as const
