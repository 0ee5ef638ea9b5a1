/** What is deployed with: the image as far as it can be made without a builder, and the files of compose and Kubernetes read as data. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { readEnvironment } from '../src/cli/environment.ts'
import { loadSettings } from '../src/cli/settings.ts'
import { providerPresets } from '../src/contract/provider-presets.ts'
import { ROOT } from './documents.ts'

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** Longer than calls and the database may take once a process is told to stop. */
const DRAIN_SECONDS = 60

describe('the image', () => {
  type Instruction = { readonly name: string; readonly text: string }
  const instructions: Instruction[] = read('Dockerfile')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => ({ name: line.split(' ', 1)[0] ?? '', text: line.replace(/^\S+\s+/, '') }))
  const stages = instructions.reduce<Instruction[][]>((all, instruction) => {
    if (instruction.name === 'FROM') all.push([])
    all.at(-1)?.push(instruction)
    return all
  }, [])
  const last = stages.at(-1) ?? []
  const said = (name: string) => last.filter((instruction) => instruction.name === name).map(({ text }) => text)
  const environment = Object.fromEntries(said('ENV').flatMap((text) => text.split(' ').map((pair) => pair.split('='))))
  const healthCheck = JSON.parse(/CMD (\[.*\])/.exec(said('HEALTHCHECK')[0] ?? '')?.[1] ?? '[]') as string[]
  /** What is made on the way, and by which script. */
  const made: Readonly<Record<string, string>> = {
    dist: 'scripts/pack-dist.ts',
    'dashboard/dist': 'scripts/build-dashboard.js',
    node_modules: 'package-lock.json',
  }
  const copied = said('COPY').flatMap((text) => {
    const [, ...words] = text.split(' ')
    const target = words.at(-1) ?? ''
    return words.slice(0, -1).map((word) => ({ from: word.replace(/^\/src\//, ''), target }))
  })

  const folders: string[] = []
  const children: ChildProcess[] = []
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL')
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  })
  const newFolder = (name: string) => {
    const folder = mkdtempSync(join(tmpdir(), `turnpike-${name}-`))
    folders.push(folder)
    return folder
  }

  test('what it copies and runs is there, or is made by a script that is there', () => {
    const missing = copied.filter(({ from }) => !existsSync(join(ROOT, made[from] ?? from)))
    expect(missing).toEqual([])
    const commands = instructions.filter(({ name }) => name === 'RUN').map(({ text }) => text)
    const scripts = commands.flatMap((text) => [...text.matchAll(/node (\S+)/g)].map(([, script = '']) => script))
    expect(scripts.sort()).toEqual(['scripts/build-dashboard.js', 'scripts/pack-dist.ts'])
    expect(scripts.filter((script) => !existsSync(join(ROOT, script)))).toEqual([])
    const files = (JSON.parse(read('package.json')) as { files: string[] }).files
    const held = new Set(copied.map(({ from }) => from))
    // The package has a README for its page; the image has none.
    expect(files.filter((file) => !held.has(file))).toEqual(['README.md'])
  })

  test('what is kept out of it is nothing that it is made of', () => {
    const ignored = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    const sources = [
      'src',
      'bin',
      'catalogue',
      'scripts',
      'sdk',
      'dashboard',
      'package.json',
      'package-lock.json',
      'LICENSE',
    ]
    expect(ignored.filter((line) => sources.includes(line))).toEqual([])
    expect(ignored).toEqual(expect.arrayContaining(['node_modules', 'data', '.git', '.env*']))
  })

  test('it runs as nobody in particular, by number, into a folder that is theirs', () => {
    const [user = ''] = said('USER')
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    const [uid, gid] = user.split(':')
    expect(said('RUN')).toEqual([`install -d -o ${uid} -g ${gid} -m 0700 ${environment.TURNPIKE_DATA_DIR}`])
    expect(said('VOLUME')).toEqual([environment.TURNPIKE_DATA_DIR])
    expect(said('EXPOSE')).toEqual([environment.TURNPIKE_PORT])
    expect(Object.keys(environment).filter((name) => name !== 'NODE_ENV' && !isKnown(name))).toEqual([])
  })

  test('what it is made of starts without its sources, is found healthy by its own check, and stops in order', async () => {
    const source = newFolder('image-source')
    for (const path of ['src', 'scripts/pack-dist.ts', 'package.json'])
      cpSync(join(ROOT, path), join(source, path), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(source, 'node_modules'))
    const packed = spawnSync(process.execPath, ['scripts/pack-dist.ts'], { cwd: source, encoding: 'utf8' })
    expect(packed.status, packed.stderr).toBe(0)

    const app = newFolder('image-app')
    for (const { from, target } of copied) {
      if (from === 'dashboard/dist' || from === 'node_modules') continue
      const origin = from === 'dist' ? source : ROOT
      const to = target === './' ? join(app, basename(from)) : join(app, target)
      mkdirSync(join(to, '..'), { recursive: true })
      cpSync(join(origin, from), to, { recursive: true })
    }
    symlinkSync(join(ROOT, 'node_modules'), join(app, 'node_modules'))

    const [node, script = ''] = JSON.parse(said('ENTRYPOINT')[0] ?? '[]') as string[]
    expect([node, ...healthCheck.slice(0, 2)]).toEqual(['node', 'node', '-e'])
    const command = JSON.parse(said('CMD')[0] ?? '[]') as string[]
    const data = newFolder('image-data')
    const env = { ...environment, PATH: process.env.PATH, TURNPIKE_PORT: '0', TURNPIKE_DATA_DIR: data }
    const child = spawn(process.execPath, [join(app, script.replace('/app/', '')), ...command], { cwd: app, env })
    children.push(child)
    const errors: string[] = []
    child.stderr.on('data', (part: Buffer) => errors.push(part.toString()))
    const [line] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [Buffer]
    const { url } = JSON.parse(String(line)) as { url: string }
    const healthy = () =>
      spawnSync(process.execPath, healthCheck.slice(1), { env: { ...env, TURNPIKE_PORT: new URL(url).port } }).status
    expect(healthy()).toBe(0)
    child.kill('SIGTERM')
    await once(child, 'exit')
    expect(child.exitCode, errors.join('')).toBe(0)
    expect(healthy()).toBe(1)
  })
})

/** A variable that the server reads. */
const isKnown = (name: string): boolean =>
  name === 'TURNPIKE_CONFIG' ||
  providerPresets.some(({ env }) => env === name) ||
  readEnvironment({ [name]: 'x' }, {}).origins.size > 0

describe('compose', () => {
  type Service = {
    readonly environment: Record<string, string>
    readonly volumes: string[]
    readonly ports?: string[]
    readonly profiles?: string[]
    readonly depends_on?: Record<string, { condition: string; required?: boolean }>
    readonly stop_grace_period?: string
    readonly healthcheck?: unknown
  }
  const text = read('compose.yaml')
  const { services, volumes } = parse(text) as { services: Record<string, Service>; volumes: Record<string, unknown> }

  test('it works unedited: every variable may be missing, and SQLite is what comes up', () => {
    const variables = [...text.matchAll(/\$\{(\w+)([^}]?)/g)].map(([, name, next]) => ({ name, next }))
    // `${NAME}` stands alone only within `${NAME:+…}`, where it is set.
    const open = variables.filter(({ next }) => next !== ':')
    expect(new Set(open.map(({ name }) => name))).toEqual(new Set(['POSTGRES_PASSWORD']))
    expect(text).toContain('${POSTGRES_PASSWORD:+postgres://')
    expect(text).not.toMatch(/:\?/)
    const plain = Object.entries(services).filter(([, { profiles }]) => profiles === undefined)
    expect(plain.map(([name]) => name)).toEqual(['turnpike'])
    expect(services.turnpike?.ports).toEqual(['127.0.0.1:8787:8787'])
  })

  test('no password is in it, and every variable is one that the server reads', () => {
    for (const { environment } of Object.values(services))
      for (const [name, value] of Object.entries(environment))
        if (/PASSWORD|KEY|URL/.test(name)) expect(value, name).toMatch(/^\$\{\w+:[-+]/)
    expect(Object.keys(services.turnpike?.environment ?? {}).filter((name) => !isKnown(name))).toEqual([])
  })

  test('volumes are named and declared, PostgreSQL is waited for where it runs, and calls may finish', () => {
    const used = Object.values(services).flatMap(({ volumes: mounts }) => mounts.map((mount) => mount.split(':')[0]))
    expect(used.sort()).toEqual(Object.keys(volumes).sort())
    expect(services.turnpike?.depends_on).toEqual({ postgres: { condition: 'service_healthy', required: false } })
    expect(services.postgres?.healthcheck).toBeDefined()
    expect(Number.parseInt(services.turnpike?.stop_grace_period ?? '', 10)).toBeGreaterThan(DRAIN_SECONDS)
  })
})

describe('Kubernetes', () => {
  // biome-ignore lint/suspicious/noExplicitAny: manifests are what they are
  type Manifest = any
  const manifests = globSync('deploy/kubernetes/*.yaml', { cwd: ROOT }).flatMap((path) =>
    parseAllDocuments(read(path)).map((document) => {
      expect(document.errors).toEqual([])
      return { path: basename(path), manifest: document.toJS() as Manifest }
    }),
  )
  const workloads = manifests.filter(({ manifest }) => /^(StatefulSet|Deployment)$/.test(manifest.kind))
  const podOf = (manifest: Manifest) => manifest.spec.template.spec
  const containerOf = (manifest: Manifest) => podOf(manifest).containers[0]

  test('each names its kind and itself, and what it selects is there', () => {
    expect(manifests.map(({ manifest }) => manifest.kind).sort()).toEqual([
      ...['ConfigMap', 'Deployment', 'PodDisruptionBudget', 'Service', 'Service', 'ServiceMonitor', 'StatefulSet'],
    ])
    for (const { manifest } of manifests) {
      expect(manifest).toMatchObject({ apiVersion: expect.stringMatching(/^\S+$/), metadata: { name: 'turnpike' } })
      const { selector } = manifest.spec ?? {}
      if (selector) expect(selector.matchLabels ?? selector).toEqual({ app: 'turnpike' })
    }
    for (const { manifest } of workloads) expect(manifest.spec.template.metadata.labels).toEqual({ app: 'turnpike' })
  })

  test.each(workloads)('$path: probes, ports, rights and time to finish', ({ manifest }) => {
    const pod = podOf(manifest)
    const container = containerOf(manifest)
    const ports = container.ports.map(({ name }: { name: string }) => name)
    for (const [probe, path] of Object.entries({
      startupProbe: '/healthz',
      livenessProbe: '/healthz',
      readinessProbe: '/readyz',
    }))
      expect(container[probe].httpGet).toEqual({ path, port: 'http' })
    for (const { manifest: service } of manifests.filter(({ manifest: { kind } }) => kind === 'Service'))
      expect(ports).toEqual(service.spec.ports.map(({ targetPort }: { targetPort: string }) => targetPort))
    expect(pod).toMatchObject({ enableServiceLinks: false, securityContext: { runAsNonRoot: true, runAsUser: 1000 } })
    expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false })
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(DRAIN_SECONDS)
    expect(container.resources.limits.memory).toBeDefined()
    const mounted = container.volumeMounts.map(({ name }: { name: string }) => name).sort()
    const own = [
      ...pod.volumes,
      ...(manifest.spec.volumeClaimTemplates ?? []).map(({ metadata }: Manifest) => metadata),
    ]
    expect(own.map(({ name }: { name: string }) => name).sort()).toEqual(mounted)
    const variables = (container.env ?? []).map(({ name }: { name: string }) => name)
    expect(variables.filter((name: string) => !isKnown(name))).toEqual([])
  })

  test('more than one process only where each must have the address of PostgreSQL', () => {
    const many = workloads.filter(({ manifest }) => manifest.spec.replicas > 1)
    expect(many.map(({ path }) => path)).toEqual(['postgres.yaml'])
    for (const { manifest } of many) {
      const databaseUrl = containerOf(manifest).env.find(
        ({ name }: { name: string }) => name === 'TURNPIKE_DATABASE_URL',
      )
      expect(databaseUrl.valueFrom.secretKeyRef).toEqual({ name: 'turnpike', key: 'TURNPIKE_DATABASE_URL' })
    }
  })

  test('the settings are accepted, and metrics come out where they are scraped', () => {
    const { manifest } = manifests.find(({ manifest: { kind } }) => kind === 'ConfigMap') ?? {}
    const loaded = loadSettings({
      ...{ env: { TURNPIKE_CONFIG: '/etc/turnpike/turnpike.yaml' }, args: {}, cwd: ROOT },
      readFile: () => manifest.data['turnpike.yaml'],
    })
    if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults))
    for (const { manifest: workload } of workloads)
      expect(containerOf(workload).ports).toContainEqual({
        name: 'metrics',
        containerPort: loaded.settings.metrics?.port,
      })
  })
})

test('the dashboard of Grafana and the rules of Prometheus are of the form that those read', () => {
  const { panels } = JSON.parse(read('deploy/grafana-dashboard.json')) as {
    panels: { id: number; title: string; targets: { expr: string }[] }[]
  }
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  for (const { targets } of panels) for (const { expr } of targets) expect(unbalanced(expr), expr).toBe(0)
  const { groups } = parse(read('deploy/prometheus-rules.yaml')) as {
    groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[]
  }
  const rules = groups.flatMap(({ rules }) => rules)
  const runbook = read('docs/operations/runbook.md')
  for (const { alert, expr, annotations } of rules) {
    expect(unbalanced(expr), expr).toBe(0)
    expect(annotations.summary).toMatch(/\w/)
    expect(runbook, `what ${alert} means`).toContain(`\n### ${alert}\n`)
  }
  const explained = [...runbook.matchAll(/^### (Turnpike\w+)$/gm)].map(([, name]) => name)
  expect(explained).toEqual(rules.map(({ alert }) => alert))
})

const unbalanced = (text: string): number => text.replace(/[^([{]/g, '').length - text.replace(/[^)\]}]/g, '').length
