import { z } from 'zod'
import {
  CredentialChecked,
  CredentialDeleted,
  CredentialList,
  CredentialPatch,
  CredentialQuery,
  CredentialReply,
  CredentialRequest,
} from './credentials.ts'
import { IDEMPOTENCY_ERRORS, operation, WHOSE_ERRORS } from './operation.ts'

const CredentialId = z.object({ id: z.string().max(64).meta({ description: '`cred_…`' }) })

export const credentialOperations = [
  operation({
    name: 'createCredential',
    method: 'POST',
    path: '/api/admin/credentials',
    dialect: 'openai',
    key: 'management',
    body: CredentialRequest,
    result: CredentialReply,
    status: 201,
    idempotent: true,
    errors: ['not_found', ...WHOSE_ERRORS, ...IDEMPOTENCY_ERRORS],
  }),
  operation({
    name: 'listCredentials',
    method: 'GET',
    path: '/api/admin/credentials',
    dialect: 'openai',
    key: 'management',
    query: CredentialQuery,
    result: CredentialList,
    errors: WHOSE_ERRORS,
  }),
  operation({
    name: 'getCredential',
    method: 'GET',
    path: '/api/admin/credentials/{id}',
    dialect: 'openai',
    key: 'management',
    params: CredentialId,
    result: CredentialReply,
    errors: ['not_found'],
  }),
  operation({
    name: 'updateCredential',
    method: 'PATCH',
    path: '/api/admin/credentials/{id}',
    dialect: 'openai',
    key: 'management',
    params: CredentialId,
    body: CredentialPatch,
    result: CredentialReply,
    errors: ['not_found'],
  }),
  operation({
    name: 'deleteCredential',
    method: 'DELETE',
    path: '/api/admin/credentials/{id}',
    dialect: 'openai',
    key: 'management',
    params: CredentialId,
    result: CredentialDeleted,
    errors: ['not_found'],
  }),
  operation({
    name: 'checkCredential',
    method: 'POST',
    path: '/api/admin/credentials/{id}/check',
    dialect: 'openai',
    key: 'management',
    params: CredentialId,
    result: CredentialChecked,
    errors: ['not_found'],
  }),
] as const
