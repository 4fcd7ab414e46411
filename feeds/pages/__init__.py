"""The pages, made from templates beside this file."""
