using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Superfactory.Site.Data;

/// <summary>
/// Deals documents to the training and validation parts by a hash of their bytes: independent of order and of the other documents,
/// and two equal documents never land in different parts. Remembers the smallest and largest hash it saw. Not safe for use by several threads.
/// </summary>
internal sealed class DocumentSplit
{
    /// <summary>The hash's first 64 bits under this go to validation.</summary>
    private readonly ulong _threshold;
    private ulong _smallest = ulong.MaxValue;
    private ulong _largest;

    /// <summary>Sends about <paramref name="validationShare"/> ten-thousandths of the documents to validation.</summary>
    public DocumentSplit(int validationShare) => _threshold = ulong.MaxValue / 10_000 * (ulong)validationShare;

    private DocumentSplit(ulong threshold) => _threshold = threshold;

    /// <summary>Whether this document belongs to the validation part.</summary>
    public bool IsValidation(ReadOnlySpan<byte> document)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(document, hash);
        var value = BinaryPrimitives.ReadUInt64BigEndian(hash);
        _smallest = Math.Min(_smallest, value);
        _largest = Math.Max(_largest, value);
        return value < _threshold;
    }

    /// <summary>A split of the same documents that leaves neither part empty, unless all documents are equal.</summary>
    public DocumentSplit WithBothParts() => new(_smallest >= _threshold ? _smallest + 1 : _largest);
}
