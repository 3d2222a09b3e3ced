using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;

namespace Superfactory.Site.Data;

/// <summary>Writes one part of a corpus as shards, hashing what it writes. Not safe for use by several threads.</summary>
internal sealed class ShardWriter : IDisposable
{
    /// <summary>Bytes gathered before they are written and hashed.</summary>
    private const int BufferBytes = 1 << 20;

    private readonly string _directory;
    private readonly string _part;
    private readonly long _shardBytes;
    private readonly IncrementalHash _whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash _single = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ImmutableArray<CorpusShard>.Builder _shards = ImmutableArray.CreateBuilder<CorpusShard>();
    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _buffered;
    private FileStream? _stream;
    private long _written;

    /// <summary>Writes <c>{part}-00000.bin</c> and so on into <paramref name="directory"/>.</summary>
    public ShardWriter(string directory, string part, long shardBytes) =>
        (_directory, _part, _shardBytes) = (directory, part, shardBytes);

    /// <summary>Tokens written so far.</summary>
    public long Tokens { get; private set; }

    /// <summary>Appends a document, with byte 0 between it and the one before.</summary>
    public void Append(ReadOnlySpan<byte> document)
    {
        if (Tokens > 0)
        {
            Write([0]);
        }

        if (_written >= _shardBytes)
        {
            EndShard();
        }

        Write(document);
    }

    /// <summary>Ends the last shard and returns the part with the hash of all its tokens.</summary>
    public (CorpusPart Part, byte[] Hash) Complete()
    {
        EndShard();
        return (new CorpusPart { Shards = _shards.ToImmutable(), Tokens = Tokens }, _whole.GetHashAndReset());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream?.Dispose();
        _whole.Dispose();
        _single.Dispose();
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        Tokens += bytes.Length;
        _written += bytes.Length;
        while (!bytes.IsEmpty)
        {
            var taken = Math.Min(bytes.Length, BufferBytes - _buffered);
            bytes[..taken].CopyTo(_buffer.AsSpan(_buffered));
            _buffered += taken;
            bytes = bytes[taken..];
            if (_buffered == BufferBytes)
            {
                Flush();
            }
        }
    }

    private void Flush()
    {
        _stream ??= new FileStream(Path.Combine(_directory, FileName(_shards.Count)), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        var bytes = _buffer.AsSpan(0, _buffered);
        _stream.Write(bytes);
        _whole.AppendData(bytes);
        _single.AppendData(bytes);
        _buffered = 0;
    }

    private void EndShard()
    {
        if (_written == 0)
        {
            return;
        }

        Flush();
        _stream!.Flush(flushToDisk: true);
        _stream.Dispose();
        _stream = null;
        _shards.Add(new CorpusShard(FileName(_shards.Count), _written, Convert.ToHexStringLower(_single.GetHashAndReset())));
        _written = 0;
    }

    private string FileName(int number) => string.Create(CultureInfo.InvariantCulture, $"{_part}-{number:D5}.bin");
}
