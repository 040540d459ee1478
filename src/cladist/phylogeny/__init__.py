"""phylogeny"""
