import { describeLoad } from './describe-load';
import { cutConnections, freezeSends, spoilRequests } from './troubles';

describeLoad('mariadb', [
  [cutConnections, 6],
  [spoilRequests, 15],
  [freezeSends, 1],
]);
