using System.Buffers.Binary;

namespace Superfactory.Sync.Bridge.Membership;

/// <summary>
/// The newest epoch of which a bridge promised to accept nothing more, in its gang's directory: four bytes, little-endian, on
/// disk when written. A gang has one bridge.
/// </summary>
internal sealed class PromiseFile(string gangDirectory)
{
    private string Path => System.IO.Path.Combine(gangDirectory, "promise");

    /// <summary>Reads the promise.</summary>
    /// <returns>The epoch's number; 0 where there is none.</returns>
    /// <exception cref="IOException">The file is there and cannot be read, or is none.</exception>
    public int Load()
    {
        if (!File.Exists(Path))
        {
            return 0;
        }

        var bytes = File.ReadAllBytes(Path);
        return bytes.Length == sizeof(int) ? BinaryPrimitives.ReadInt32LittleEndian(bytes)
            : throw new InvalidDataException($"The promise in {Path} has {bytes.Length} bytes; expected {sizeof(int)}.");
    }

    /// <summary>Writes the promise; when this returns it outlives this process and the machine's power.</summary>
    /// <param name="epoch">The epoch's number.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(int epoch)
    {
        // Four bytes lie in one sector: they are there whole or not at all.
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, epoch);
        using (var file = new FileStream(Path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }

        // A file that is on disk and has no name there is gone after a power cut.
        DurableFiles.FlushDirectory(gangDirectory);
    }
}
