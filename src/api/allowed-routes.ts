/** The models that a key may call, as the lists show them. */
import { allowsModel, type Caller } from '../core/caller.ts'
import type { ApiRoute, ApiRoutes } from './parts.ts'

/** A key that may not call a model does not see it either. */
export function allowedTo({ allowedModels }: Caller, { find, list }: ApiRoutes): Pick<ApiRoutes, 'find' | 'list'> {
  const isSeen = ({ model }: ApiRoute) => allowsModel(allowedModels, model.id)
  return {
    find(name) {
      const route = find(name)
      return route && isSeen(route) ? route : undefined
    },
    list: () => (allowedModels === null ? list() : list().filter(isSeen)),
  }
}
