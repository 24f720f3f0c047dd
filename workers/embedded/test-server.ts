import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from '../start-error.ts';
import { cacheFolder, fetchWith, fetching, firstOf, isExecutable } from './fetch.ts';
import { downloadThroughSdk } from './temporal.ts';

const MAVEN_ARTIFACT = { group: 'io.temporal', artifact: 'temporal-test-server', version: '1.31.0' };
const MAVEN_FOLDER = `${MAVEN_ARTIFACT.artifact}-${MAVEN_ARTIFACT.version}`;
const MAIN_CLASS = 'io.temporal.testserver.TestServer';

export interface TestServerOptions {
  readonly test_server_path?: string;
  readonly say: (line: string) => void;
}

/** The program of the server whose time skips, for tests of workflows. */
export async function findTestServer({ test_server_path, say }: TestServerOptions): Promise<string> {
  if (test_server_path) {
    if (isExecutable(test_server_path)) return test_server_path;
    throw new StartError(
      `TEMPORAL_TEST_SERVER_PATH is not usable: ${test_server_path} is not a program that can be run`,
    );
  }
  const found = await firstOf(
    [
      fetching('temporal-test-server-sdk', "the SDK's own download", 'test-server', (folder) =>
        downloadThroughSdk('test-server', folder, 'test-server'),
      ),
      fetching(MAVEN_FOLDER, `${MAVEN_ARTIFACT.artifact} of Maven, on Java`, 'test-server', fetchFromMaven),
    ],
    ({ name }) => say(`Temporal's time-skipping server: fetching, ${name}`),
  );
  if (!found)
    throw new StartError(
      'no time-skipping Temporal server could be found or fetched: install Java and Maven, or set TEMPORAL_TEST_SERVER_PATH',
    );
  say(`Temporal's time-skipping server: ${found.source}`);
  return found.path;
}

/** Its jars, and a script that starts them: the SDK wants one file to run. */
async function fetchFromMaven(folder: string): Promise<void> {
  await mkdir(join(folder, 'jars'));
  await writeFile(join(folder, 'pom.xml'), projectThatNeeds(MAVEN_ARTIFACT));
  const copy = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${join(folder, 'jars')}`];
  await fetchWith('mvn', ['-q', '-B', ...copy], 15, { cwd: folder });
  await rm(join(folder, 'pom.xml'));
  // The folder is moved into the cache afterwards.
  const jars = join(cacheFolder(), MAVEN_FOLDER, 'jars', '*');
  await writeFile(join(folder, 'test-server'), `#!/bin/sh\nexec java -Xmx256m -cp '${jars}' ${MAIN_CLASS} "$@"\n`);
  await chmod(join(folder, 'test-server'), 0o755);
}

function projectThatNeeds({ group, artifact, version }: typeof MAVEN_ARTIFACT): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>perennial</groupId><artifactId>test-server</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>
`;
}
