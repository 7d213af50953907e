import { stopMeilisearch } from './global-setup';

export default stopMeilisearch;
