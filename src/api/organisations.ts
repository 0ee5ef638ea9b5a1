/** Organisations, which the operator alone creates, and management keys. */
import { refuse } from '../contract/errors.ts'
import { instantText } from '../lib/clock.ts'
import { hashSecret, newSecret } from '../lib/secret.ts'
import { createManagementKey, createOrganisation, findOrganisation } from '../store/organisations.ts'
import type { Handlers } from './parts.ts'

export const organisationHandlers: Handlers<'createOrganisation' | 'createManagementKey'> = {
  async createOrganisation({ store }, { body: { name, timeZone = 'UTC' }, at }) {
    const created = await createOrganisation(store, { ...store.ids.next(), name, timeZone, at })
    if (!created) throw refuse('invalid_request', 'name: another organisation has it', { param: 'name' })
    return { body: { organisation: { id: name, name, timeZone, createdAt: instantText(at) } } }
  },

  async createManagementKey({ store, random, isOperator }, { caller, body, at }) {
    const { name, role, organisationId = caller.organisation } = body
    const organisation = await findOrganisation(store, { name: organisationId })
    // To anybody else, other organisations do not exist.
    if (!organisation || (organisation.id !== caller.organisationId && !isOperator(caller))) throw refuse('not_found')
    const key = newSecret('mk-tp', random)
    const hash = hashSecret(key)
    await createManagementKey(store, { hash, organisationId: organisation.id, name, role, at })
    return {
      body: { managementKey: { hash, name, role, organisationId: organisation.name, createdAt: instantText(at) }, key },
    }
  },
}
