#!/usr/bin/env python3
"""Reads the API's description for api.bats.

usage: openapi.py DESCRIPTION operations
           "METHOD PATH CODE" for every operation's first 2xx answer, with example names in PATH
       openapi.py DESCRIPTION examples
           fails unless every example fits its schema
       openapi.py DESCRIPTION answer METHOD PATH CODE FILE
           fails unless FILE, which was answered, is as described

Copyright (c) 2026 the ctlsign authors.  SPDX-License-Identifier: ISC
"""
import json
import re
import sys

JSON = 'application/json'
TYPES = {'object': dict, 'array': list, 'string': str, 'integer': int, 'null': type(None)}


def main(path, what, *rest):
    with open(path, encoding='utf-8') as file:
        api = Api(json.load(file))
    getattr(api, what)(*rest)


class Api:
    def __init__(self, doc):
        self.doc = doc

    def find(self, node):
        while '$ref' in node:
            place = node['$ref']
            node = self.doc
            for part in place.removeprefix('#/').split('/'):
                node = node[part]
        return node

    def each(self):
        for path, item in self.doc['paths'].items():
            for method, operation in item.items():
                if method != 'parameters':
                    parameters = item.get('parameters', []) + operation.get('parameters', [])
                    yield path, method, operation, [self.find(p) for p in parameters]

    def operations(self):
        for path, method, operation, parameters in self.each():
            for parameter in parameters:
                path = path.replace('{%s}' % parameter['name'], parameter['example'])
            print(method.upper(), path, next(c for c in operation['responses'] if c[0] == '2'))

    def examples(self):
        names = set()
        for path, method, operation, parameters in self.each():
            where = f'{method} {path}'
            assert operation['operationId'] not in names, operation['operationId']
            names.add(operation['operationId'])
            assert operation['summary'], where
            for name in re.findall(r'{(\w+)}', path):
                assert any(p['name'] == name and p['in'] == 'path' for p in parameters), where
            for parameter in parameters:
                self.fits(parameter['example'], parameter['schema'], where)
            bodies = [self.find(r) for r in operation['responses'].values()]
            if 'requestBody' in operation:
                bodies.append(operation['requestBody'])
            for body in bodies:
                for media, content in body.get('content', {}).items():
                    if media == JSON and 'example' not in content:
                        assert path == '/v1/openapi.json', where
                    if 'example' in content:
                        self.fits(content['example'], content['schema'], where)

    def answer(self, method, path, code, file):
        operation = self.doc['paths'][path][method.lower()]
        response = self.find(operation['responses'][code])
        with open(file, encoding='utf-8') as answered:
            self.fits(json.load(answered), response['content'][JSON]['schema'], f'{method} {path}')

    def fits(self, value, schema, where):
        """What of JSON Schema the description uses."""
        schema = self.find(schema)
        known = {'type', 'properties', 'required', 'additionalProperties', 'items', 'enum',
                 'pattern', 'anyOf', 'description', 'format', 'contentMediaType'}
        assert set(schema) <= known, f'{where}: {set(schema) - known}'
        if 'anyOf' in schema:
            assert any(self.does_fit(value, one, where) for one in schema['anyOf']), \
                f'{where}: {value!r}'
        types = schema.get('type', [])
        types = [types] if isinstance(types, str) else types
        assert not types or any(isinstance(value, TYPES[t]) and not isinstance(value, bool)
                                for t in types), f'{where}: {value!r} is no {types}'
        if 'enum' in schema:
            assert value in schema['enum'], f'{where}: {value!r}'
        if 'pattern' in schema:
            assert re.search(schema['pattern'], value), f'{where}: {value!r}'
        if schema.get('format') == 'date-time' and value is not None:
            assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', value), f'{where}: {value!r}'
        if isinstance(value, list) and 'items' in schema:
            for one in value:
                self.fits(one, schema['items'], where)
        if isinstance(value, dict) and 'properties' in schema:
            assert set(schema['required']) <= set(value), f'{where}: {value!r}'
            assert set(value) <= set(schema['properties']), f'{where}: {value!r}'
            for name, one in value.items():
                self.fits(one, schema['properties'][name], f'{where}: {name}')

    def does_fit(self, value, schema, where):
        try:
            self.fits(value, schema, where)
        except AssertionError:
            return False
        return True


main(*sys.argv[1:])
