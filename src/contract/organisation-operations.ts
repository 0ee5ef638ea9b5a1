import { operation } from './operation.ts'
import {
  ManagementKeyCreated,
  ManagementKeyRequest,
  OrganisationCreated,
  OrganisationRequest,
} from './organisations.ts'

export const organisationOperations = [
  operation({
    name: 'createOrganisation',
    method: 'POST',
    path: '/api/admin/organisations',
    dialect: 'openai',
    key: 'operator',
    body: OrganisationRequest,
    result: OrganisationCreated,
    status: 201,
    errors: [],
  }),
  operation({
    name: 'createManagementKey',
    method: 'POST',
    path: '/api/admin/management-keys',
    dialect: 'openai',
    key: 'management',
    body: ManagementKeyRequest,
    result: ManagementKeyCreated,
    status: 201,
    errors: ['not_found'],
  }),
] as const
