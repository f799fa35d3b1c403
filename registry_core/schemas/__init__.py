"""Schemas: is every value of this one a value of that one?"""
