using System.Buffers.Binary;
using System.Text;

namespace Superfactory.Wan.Frames;

/// <summary>Puts values into a buffer that is long enough; the counterpart of <see cref="PayloadReader"/>.</summary>
internal ref struct PayloadWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    /// <summary>How many bytes were put.</summary>
    public int Position { get; private set; }

    public void WriteByte(byte value) => _destination[Position++] = value;

    public void WriteInt64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_destination[Position..], value);
        Position += sizeof(long);
    }

    public void WriteInt32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_destination[Position..], value);
        Position += sizeof(int);
    }

    public void WriteName(string name)
    {
        var length = Encoding.UTF8.GetBytes(name, _destination[(Position + 1)..]);
        _destination[Position] = checked((byte)length);
        Position += 1 + length;
    }

    public void WriteAddress(EndpointAddress address)
    {
        WriteName(address.Site);
        WriteName(address.Name);
    }
}
