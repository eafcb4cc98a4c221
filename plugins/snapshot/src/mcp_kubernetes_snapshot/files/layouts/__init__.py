"""How those who collect from a cluster lay out what they found: `oc adm must-gather`, Troubleshoot, support-bundle-kit.

A layout tells what the files do not say themselves: whose log it is, what a list without a kind holds, how a kind is
called in paths, and what could not be collected.
"""
