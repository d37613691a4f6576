/** Every id that package.json and the code must agree on; test/unit/extensionManifest.test.ts holds both to it. */

/** Commands that package.json contributes. */
export const commandIds = {
  searchTasks: 'ingestTrace.searchTasks',
  cancelSearch: 'ingestTrace.cancelSearch',
  clearSearch: 'ingestTrace.clearSearch',
  goToTask: 'ingestTrace.goToTask',
  refresh: 'ingestTrace.refresh',
  filterLive: 'ingestTrace.filterLive',
  clearLiveFilter: 'ingestTrace.clearLiveFilter',
  startHarness: 'ingestTrace.startHarness',
  stopHarness: 'ingestTrace.stopHarness',
  openTaskLog: 'ingestTrace.openTaskLog',
  openRecord: 'ingestTrace.openRecord',
  openFrame: 'ingestTrace.openFrame',
  copyTaskId: 'ingestTrace.copyTaskId',
  copyAsFilter: 'ingestTrace.copyAsFilter',
  searchWorker: 'ingestTrace.searchWorker',
  searchCollection: 'ingestTrace.searchCollection',
  searchGroup: 'ingestTrace.searchGroup',
  selectEnvironment: 'ingestTrace.selectEnvironment',
  setToken: 'ingestTrace.setToken',
  indexNow: 'ingestTrace.indexNow',
  showTimeline: 'ingestTrace.showTimeline',
  showEngineLog: 'ingestTrace.showEngineLog',
  restartEngine: 'ingestTrace.restartEngine',
  openSettings: 'ingestTrace.openSettings',
  createEnvironmentFile: 'ingestTrace.createEnvironmentFile',
  openCurrentLine: 'ingestTrace.openCurrentLine',
  openStackTrace: 'ingestTrace.openStackTrace',
  nextFrame: 'ingestTrace.nextFrame',
  previousFrame: 'ingestTrace.previousFrame',
  manageLearned: 'ingestTrace.manageLearnedMappings',
} as const;

/** Commands that only our own links, lenses and tree items run; not in package.json. */
export const internalCommandIds = {
  openLogFrame: 'ingestTrace.internal.openLogFrame',
  searchGroupId: 'ingestTrace.internal.searchGroupId',
  loadMore: 'ingestTrace.internal.loadMore',
  followNote: 'ingestTrace.internal.followNote',
  searchFailures: 'ingestTrace.internal.searchFailures',
  openTextFrame: 'ingestTrace.internal.openTextFrame',
} as const;

export type CommandId =
  | (typeof commandIds)[keyof typeof commandIds]
  | (typeof internalCommandIds)[keyof typeof internalCommandIds];

export const viewIds = { live: 'ingestTrace.live', history: 'ingestTrace.history' } as const;

/** What `when` clauses look at. */
export const contextKeys = {
  /** `none` `untrusted` `refused` `engine` `ready` */
  live: 'ingestTrace.live.state',
  liveFiltered: 'ingestTrace.live.filtered',
  /** `none` `untrusted` `refused` `idle` `searching` `answered` `empty` `query` `engine` `limit` `denied` `unreachable` */
  history: 'ingestTrace.history.state',
  historySearching: 'ingestTrace.history.searching',
  /** `stopped` `starting` `running` */
  harness: 'ingestTrace.harness.state',
} as const;

export const documentScheme = 'ingest-trace';
export const taskLogLanguage = 'ingest-trace-log';
export const stackTraceScheme = 'ingest-trace-stack';
export const stackTraceLanguage = 'ingest-trace-stack';
/** Gives the documents their language. */
export const stackTraceExtension = '.stacktrace';
export const environmentsFile = 'ingest-trace.json';
