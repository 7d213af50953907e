import { specifyFilmApi } from './film-api';

specifyFilmApi('example:nestjs');
