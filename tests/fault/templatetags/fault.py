"""What a notice must not do while it is rendered."""

import os
import signal

from django import template

register = template.Library()


@register.simple_tag
def die():
    """End the process as the kernel does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)
