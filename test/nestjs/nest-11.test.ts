// What Scrypath and the specifications import is NestJS 11 here, which lies in a workspace of its own.
jest.mock('@nestjs/common', () => jest.requireActual('./nest-11/node_modules/@nestjs/common'));
jest.mock('@nestjs/core', () => jest.requireActual('./nest-11/node_modules/@nestjs/core'));
jest.mock('@nestjs/testing', () => jest.requireActual('./nest-11/node_modules/@nestjs/testing'));
jest.mock('@nestjs/typeorm', () => jest.requireActual('./nest-11/node_modules/@nestjs/typeorm'));
jest.mock('@nestjs/terminus', () => jest.requireActual('./nest-11/node_modules/@nestjs/terminus'));

import { specifyNestModule } from './specifications/index';

specifyNestModule(11);
