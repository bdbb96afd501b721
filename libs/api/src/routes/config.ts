import { changeEnvBody, changeSecretsBody, configChange, envList, secretList } from '../config.ts'
import type { Route } from '../route.ts'
import { appParams } from '../values.ts'

const changeErrors = [
  'app.notFound',
  'config.nameInvalid',
  'config.nameReserved',
  'config.nameTaken',
  'config.valueInvalid',
  'config.tooLarge',
] as const

export const configRoutes = {
  listEnv: {
    method: 'GET',
    path: '/api/v1/apps/:app/env',
    summary: 'The env values of an app: what is set, and what runs',
    role: 'viewer',
    params: appParams,
    response: envList,
    status: 200,
    errors: ['app.notFound'],
  },
  changeEnv: {
    method: 'PATCH',
    path: '/api/v1/apps/:app/env',
    summary: 'Set or unset env values, and deploy what serves with them; what is not named stays',
    role: 'deployer',
    params: appParams,
    body: changeEnvBody,
    response: configChange,
    status: 200,
    errors: changeErrors,
  },
  listSecrets: {
    method: 'GET',
    path: '/api/v1/apps/:app/secrets',
    summary: 'The names and versions of an app’s secrets; values are never shown',
    role: 'viewer',
    params: appParams,
    response: secretList,
    status: 200,
    errors: ['app.notFound'],
  },
  changeSecrets: {
    method: 'PATCH',
    path: '/api/v1/apps/:app/secrets',
    summary: 'Set or unset secrets, and deploy what serves with them; what is not named stays',
    role: 'deployer',
    params: appParams,
    body: changeSecretsBody,
    response: configChange,
    status: 200,
    errors: changeErrors,
  },
} as const satisfies Record<string, Route>
