import { DefaultLogger, Runtime } from '@temporalio/worker';

/** The SDK says on the console what tests do on purpose: workers that come and go, activities that fail. */
if (process.env['TEST_LOG_LEVEL'] === undefined)
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'OFF', forward: {} } },
    shutdownSignals: [],
  });
