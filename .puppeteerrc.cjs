// The browser is found or fetched when it is first needed (workers/embedded/chromium.ts), not while packages install.
module.exports = { skipDownload: true };
