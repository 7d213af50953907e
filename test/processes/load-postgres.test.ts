import { describeLoad } from './describe-load';
import { killWorkers, killWriters, stopEngine } from './troubles';

describeLoad('postgres', [
  [killWorkers, 6],
  [stopEngine, 3],
  [killWriters, 2],
]);
