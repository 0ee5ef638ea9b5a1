/** API keys: in the shape of OpenRouter's clients beside `generation-operations.ts`, and all of them on `/api/admin`. */
import {
  ApiKeyList,
  ApiKeyParams,
  ApiKeyPatch,
  ApiKeyQuery,
  ApiKeyReply,
  ApiKeyRequest,
  ApiKeySecret,
  Deleted,
  Rotation,
} from './api-keys.ts'
import { KeyCreated, KeyParams, KeyRotation } from './keys.ts'
import { operation, WHOSE_ERRORS } from './operation.ts'

const admin = { dialect: 'openai', key: 'management' } as const

export const keyOperations = [
  operation({
    name: 'rotateKey',
    method: 'POST',
    path: '/api/v1/keys/{hash}/rotate',
    dialect: 'openrouter',
    key: 'management',
    params: KeyParams,
    body: KeyRotation,
    result: KeyCreated,
    errors: ['not_found'],
  }),
  operation({
    ...admin,
    name: 'listApiKeys',
    method: 'GET',
    path: '/api/admin/keys',
    query: ApiKeyQuery,
    result: ApiKeyList,
    errors: WHOSE_ERRORS,
  }),
  operation({
    ...admin,
    name: 'createApiKey',
    method: 'POST',
    path: '/api/admin/keys',
    body: ApiKeyRequest,
    result: ApiKeySecret,
    status: 201,
    errors: ['invalid_amount', ...WHOSE_ERRORS],
  }),
  operation({
    ...admin,
    name: 'getApiKey',
    method: 'GET',
    path: '/api/admin/keys/{id}',
    params: ApiKeyParams,
    result: ApiKeyReply,
    errors: ['not_found'],
  }),
  operation({
    ...admin,
    name: 'updateApiKey',
    method: 'PATCH',
    path: '/api/admin/keys/{id}',
    params: ApiKeyParams,
    body: ApiKeyPatch,
    result: ApiKeyReply,
    errors: ['not_found', 'invalid_amount'],
  }),
  operation({
    ...admin,
    name: 'deleteApiKey',
    method: 'DELETE',
    path: '/api/admin/keys/{id}',
    params: ApiKeyParams,
    result: Deleted,
    errors: ['not_found'],
  }),
  operation({
    ...admin,
    name: 'rotateApiKey',
    method: 'POST',
    path: '/api/admin/keys/{id}/rotate',
    params: ApiKeyParams,
    body: Rotation,
    result: ApiKeySecret,
    errors: ['not_found'],
  }),
] as const
