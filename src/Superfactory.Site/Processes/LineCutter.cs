using System.Text;

namespace Superfactory.Site.Processes;

/// <summary>Cuts characters into lines of bounded length. Not thread-safe.</summary>
internal sealed class LineCutter
{
    private readonly int _charactersMax;
    private readonly Action<string> _line;
    private readonly StringBuilder _open = new();
    private bool _cut;

    /// <summary>Makes a cutter with nothing in it.</summary>
    /// <param name="charactersMax">The longest line, from 2.</param>
    /// <param name="line">Called with each line that is not empty.</param>
    public LineCutter(int charactersMax, Action<string> line) => (_charactersMax, _line) = (charactersMax, line);

    /// <summary>Takes the next characters.</summary>
    public void Add(ReadOnlySpan<char> characters)
    {
        while (!characters.IsEmpty)
        {
            var end = characters.IndexOfAny('\n', '\r');
            Append(end < 0 ? characters : characters[..end]);
            if (end < 0)
            {
                return;
            }

            End();
            characters = characters[(end + 1)..];
        }
    }

    /// <summary>Ends the open line, if there is one.</summary>
    public void End()
    {
        if (_cut)
        {
            _open[_charactersMax - 1] = '…';
        }

        if (_open.Length > 0)
        {
            _line(_open.ToString());
        }

        _open.Clear();
        _cut = false;
    }

    private void Append(ReadOnlySpan<char> part)
    {
        var room = _charactersMax - _open.Length;
        _cut |= part.Length > room;
        _open.Append(part.Length > room ? part[..room] : part);
    }
}
