# CocoAI in a container, for development: nginx, supervisor and the pool between a practice Slack and OpenAI.
#
#     docker build -t cocoai .
#     docker run --rm --stop-timeout 40 -p 127.0.0.1:8090:8090 cocoai      then open http://127.0.0.1:8090
#
# Against a real Slack, read-only, and how to see what it does: docs/operating.md, "In a container".
# `python -m bench.container` carries out the steps below on a machine without an engine.
FROM debian:trixie-slim

# What bin/prepare installs, and tini: it is process 1, reaps what job processes leave behind, and passes TERM on.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        nginx openssl python3 python3-venv tini \
    && rm -rf /var/lib/apt/lists/*

# Its number stands here, so that the owner of a mounted folder can be given it.
RUN useradd --system --uid 10001 --no-create-home --home-dir /srv/cocoai --shell /usr/sbin/nologin cocoai

# The packages in a layer of their own, by setup.cfg's own lists: a change of the code leaves it as it is.
# setuptools, which only builds, lies apart: the pool would load parts of it, which take memory.
WORKDIR /usr/src/cocoai
COPY pyproject.toml setup.cfg ./
RUN python3 -c 'import configparser; c = configparser.RawConfigParser(); c.read("setup.cfg"); \
        print(c["options"]["install_requires"], c["options.extras_require"]["ops"])' >/tmp/requirements \
    && python3 -m venv /opt/cocoai \
    && /opt/cocoai/bin/pip install --no-cache-dir -r /tmp/requirements \
    && /opt/cocoai/bin/pip install --no-cache-dir --target /opt/build 'setuptools>=70.1' \
    && rm /tmp/requirements

# .dockerignore lets nothing in but what is installed here: no settings, no secrets, no `var`.
COPY . ./
RUN PYTHONPATH=/opt/build /opt/cocoai/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

# Only `var` is written to; settings may be mounted beside it, as cocoai.ini. supervisord does not start without a
# folder for temporary files, and in a read-only container /tmp is none.
ENV PATH=/opt/cocoai/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    TMPDIR=/srv/cocoai/var
WORKDIR /srv/cocoai
RUN install -d -m 0700 -o cocoai -g cocoai var
VOLUME /srv/cocoai/var
USER cocoai

# 8080 is nginx (`cocoai up`), 8090 the page of the rehearsal.
EXPOSE 8080 8090
ENTRYPOINT ["tini", "--"]
CMD ["cocoai", "rehearse", "--publish"]
