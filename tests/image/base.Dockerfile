# The base image from a tarball of mmdebstrap, where no registry is in reach.
FROM scratch
ADD base.tar /
CMD ["bash"]
