/** Organisations, which the operator alone makes and names. An organisation's admins say when its days begin. */
import { refuse } from '../contract/errors.ts'
import { instantText } from '../lib/clock.ts'
import {
  createOrganisation,
  listOrganisations,
  type StoredOrganisation,
  updateOrganisation,
} from '../store/organisations.ts'
import { changedMembers } from './audited.ts'
import { organisationFor } from './management-keys.ts'
import { paged, pageOf } from './page.ts'
import type { Handlers } from './parts.ts'

type Names = 'createOrganisation' | 'listOrganisations' | 'getOrganisation' | 'updateOrganisation'

export const organisationHandlers: Handlers<Names> = {
  async createOrganisation({ store }, { body: { name, timeZone = 'UTC' }, at, audit }) {
    const made = { ...store.ids.next(), name, timeZone, createdAt: at }
    const change = { action: 'organisation.create', target: name, organisationId: made.id }
    const row = audit({ ...change, before: null, after: { name, timeZone } }, ({ exists, selectFrom }) =>
      exists(selectFrom('organisations').select('id').where('id', '=', made.id)),
    )
    if (!(await createOrganisation(store, made, row))) throw taken()
    return { body: { organisation: organisationOf(made) } }
  },

  async listOrganisations({ store }, { query }) {
    const page = pageOf('organisations', query)
    const { organisations, total } = await listOrganisations(store, page)
    const { shown, pagination } = paged('organisations', page, organisations, total)
    return { body: { organisations: shown.map(organisationOf), pagination } }
  },

  async getOrganisation(parts, { caller, params }) {
    return { body: { organisation: organisationOf(await organisationFor(parts, caller, params.id)) } }
  },

  async updateOrganisation(parts, { caller, params, body, audit }) {
    const known = await organisationFor(parts, caller, params.id)
    const { name = known.name, timeZone = known.timeZone } = body
    // Names are one list for all organisations of the server: who could choose one would learn which are taken.
    if (name !== known.name && !parts.isOperator(caller))
      throw refuse('forbidden', "Only the operator's key can change the name of an organisation", { param: 'name' })
    const difference = changedMembers({ name: known.name, timeZone: known.timeZone }, { name, timeZone })
    const change = { action: 'organisation.update', target: name, organisationId: known.id, ...difference }
    const row = audit(change, ({ exists, selectFrom }) =>
      exists(selectFrom('organisations').select('id').where('id', '=', known.id).where('name', '=', name)),
    )
    if (!(await updateOrganisation(parts.store, known.id, { name, timeZone }, row))) throw taken()
    parts.forgetKeys()
    parts.budgets.forget(known.id)
    return { body: { organisation: organisationOf({ ...known, name, timeZone }) } }
  },
}

const taken = () => refuse('invalid_request', 'name: another organisation has it', { param: 'name' })

const organisationOf = ({ name, timeZone, createdAt }: StoredOrganisation) => ({
  ...{ id: name, name, timeZone, createdAt: instantText(createdAt) },
})
