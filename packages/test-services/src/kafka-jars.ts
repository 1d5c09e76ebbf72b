import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { cp, realpath, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder, makeOnce } from './cache-folder.ts'
import { runCommand } from './command.ts'
import { clusterId, kafkaSettings, kafkaVersion, propertiesText } from './kafka-settings.ts'
import { findProgram } from './program.ts'
import type { StartContext } from './service.ts'

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka-broker</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
      <version>${kafkaVersion}</version>
      <exclusions><!-- named in kafka's pom, absent from the repository -->
        <exclusion>
          <groupId>org.apache.kafka</groupId><artifactId>kafka-tools-api</artifactId>
        </exclusion>
      </exclusions>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`

const javaOptions = [
  '-Xms128m',
  '-Xmx512m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Xshare:auto',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
]

/** What runs a broker without an installed Kafka. */
export interface KafkaJars {
  readonly java: string
  /** Folder with the jars, a formatted data folder, and the class archives. */
  readonly home: string
}

/** Finds Java, and downloads Kafka with Maven the first time. */
export async function kafkaJars(context: StartContext, folder: string): Promise<KafkaJars> {
  const java = await findJava(context, folder)
  const home = join(await cacheFolder(context.env), `kafka-${kafkaVersion}`)
  await makeOnce(home, context.env, async (home) => {
    const mvn = findProgram('mvn', context.env)
    if (!mvn) throw new Error('Java is there, but mvn is not on the PATH')
    context.onProgress(`kafka: downloading Apache Kafka ${kafkaVersion} with Maven`)
    await writeFile(join(home, 'pom.xml'), pom)
    const options = ['-B', '-q', '-ntp', '-DincludeScope=runtime', '-DoutputDirectory=lib']
    await runCommand([mvn, ...options, 'dependency:copy-dependencies'], context, { folder: home })
    await format({ java, home }, context)
  })
  return { java, home }
}

/** A command of Kafka: Java with the jars on its class path. */
export function kafkaCommand(jars: KafkaJars, options: readonly string[], main: string): string[] {
  // Sorted names and no wildcard: a class archive is good for exactly one class path.
  const lib = join(jars.home, 'lib')
  const names = readdirSync(lib).toSorted()
  const classPath = names.map((name) => join(lib, name)).join(':')
  return [jars.java, ...javaOptions, ...options, '-cp', classPath, main]
}

/** Where the archive of loaded classes for this Java is kept; with it a start takes a third. */
export async function classArchive({ java, home }: KafkaJars): Promise<string> {
  const path = await realpath(java)
  const { mtimeMs } = await stat(path)
  const key = createHash('sha256').update(`${path} ${mtimeMs}`).digest('hex')
  return join(home, `classes-${key.slice(0, 12)}.jsa`)
}

/** Puts a formatted, empty data folder at `target`. */
export async function copyFormatted(jars: KafkaJars, target: string): Promise<void> {
  await cp(join(jars.home, 'formatted'), target, { recursive: true })
}

async function format(jars: KafkaJars, context: StartContext): Promise<void> {
  const settings = { port: 9092, controllerPort: 9093, dataFolder: join(jars.home, 'formatted') }
  const file = join(jars.home, 'format.properties')
  await writeFile(file, propertiesText(kafkaSettings(settings)))
  const command = kafkaCommand(jars, [], 'kafka.tools.StorageTool')
  await runCommand([...command, 'format', '-t', clusterId, '-c', file], context, {
    folder: jars.home,
    label: "Kafka's format command",
  })
}

async function findJava(context: StartContext, folder: string): Promise<string> {
  const { JAVA_HOME } = context.env
  const own = JAVA_HOME ? findProgram('java', { PATH: join(JAVA_HOME, 'bin') }) : undefined
  const java = own ?? findProgram('java', context.env)
  if (!java) throw new Error('java is neither in JAVA_HOME nor on the PATH')
  const output = await runCommand([java, '-version'], context, { folder })
  const version = Number(/version "(\d+)/.exec(output)?.[1])
  if (!(version >= 17)) throw new Error(`Kafka takes Java 17 or newer; ${java} is ${output.trim()}`)
  return java
}
