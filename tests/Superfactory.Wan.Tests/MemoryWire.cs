using System.Threading.Channels;

namespace Superfactory.Wan.Tests;

/// <summary>
/// A connection in memory that can break at any byte: after <paramref name="bytesUntilCut"/> bytes in both directions together,
/// it loses what is under way or not, and both ends see an error or an end, as the seed says. It may also change one byte.
/// </summary>
internal sealed class MemoryWire(long bytesUntilCut = long.MaxValue, long corruptAt = -1, bool losesUnread = false)
{
    private const int PiecesUnderWayMax = 16;

    private readonly Channel<byte[]>[] _directions = [Open(), Open()];
    private readonly Lock _gate = new();
    private long _carried;
    private bool _cut;

    /// <summary>Whether what is written from now on vanishes, as where a cable is cut.</summary>
    public bool Swallows { get; set; }

    /// <summary>Bytes written so far, in both directions together.</summary>
    public long Carried
    {
        get
        {
            lock (_gate)
            {
                return _carried;
            }
        }
    }

    public Stream Left => new End(this, 0);

    public Stream Right => new End(this, 1);

    public void Cut()
    {
        lock (_gate)
        {
            _cut = true;
            foreach (var direction in _directions)
            {
                direction.Writer.TryComplete();
                while (losesUnread && direction.Reader.TryRead(out _))
                {
                }
            }
        }
    }

    private static Channel<byte[]> Open() => Channel.CreateBounded<byte[]>(PiecesUnderWayMax);

    /// <summary>What of <paramref name="bytes"/> gets through.</summary>
    private byte[] Carry(ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            if (Swallows)
            {
                return [];
            }

            var allowed = (int)Math.Min(bytes.Length, bytesUntilCut - _carried);
            var carried = bytes[..allowed].ToArray();
            if (corruptAt >= _carried && corruptAt < _carried + allowed)
            {
                carried[corruptAt - _carried] ^= 0x10;
            }

            _carried += allowed;
            return carried;
        }
    }

    private sealed class End(MemoryWire wire, int side) : Stream
    {
        private ReadOnlyMemory<byte> _rest;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var incoming = wire._directions[1 - side].Reader;
            while (_rest.Length == 0)
            {
                if (!await incoming.WaitToReadAsync(cancellationToken))
                {
                    return 0;
                }

                if (incoming.TryRead(out var piece))
                {
                    _rest = piece;
                }
            }

            var count = Math.Min(_rest.Length, buffer.Length);
            _rest[..count].CopyTo(buffer);
            _rest = _rest[count..];
            return count;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var carried = wire.Carry(buffer);
            try
            {
                if (carried.Length > 0)
                {
                    await wire._directions[side].Writer.WriteAsync(carried, cancellationToken);
                }
            }
            catch (ChannelClosedException exception)
            {
                throw new IOException("The wire is cut.", exception);
            }

            if (carried.Length < buffer.Length && !wire.Swallows)
            {
                wire.Cut();
            }

            if (wire._cut)
            {
                throw new IOException("The wire is cut.");
            }
        }

        public override ValueTask DisposeAsync()
        {
            wire._directions[side].Writer.TryComplete();
            wire._directions[1 - side].Writer.TryComplete();
            return base.DisposeAsync();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
