import { specifyNestModule } from './specifications/index';

specifyNestModule(12);
