using System.Text;
using System.Xml;

namespace Superfactory.Site.Data;

/// <summary>
/// Turns the XML of one documented member into plain text: a line for each summary, parameter, return value, exception and
/// remark, whitespace collapsed, references kept as the names they refer to, and an empty line before the next member.
/// </summary>
internal static class DocumentationText
{
    /// <summary>Appends the text of the member that <paramref name="member"/> is about to read.</summary>
    public static void Append(XmlReader member, StringBuilder text)
    {
        var line = new StringBuilder();
        var start = text.Length;
        while (member.Read())
        {
            switch (member.NodeType)
            {
                case XmlNodeType.Element:
                    if (BeginsLine(member.LocalName))
                    {
                        EndLine(line, text, ref start);
                    }

                    AppendReference(member, line);
                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace:
                    AppendCollapsed(member.Value, line);
                    break;
                case XmlNodeType.EndElement when BeginsLine(member.LocalName):
                    EndLine(line, text, ref start);
                    break;
                default:
                    break;
            }
        }

        EndLine(line, text, ref start);
    }

    private static bool BeginsLine(string element) => element is
        "summary" or "param" or "typeparam" or "returns" or "exception" or "value" or "remarks" or "example"
        or "para" or "p" or "br" or "item" or "listheader" or "li" or "member";

    /// <summary>What an element says by its attributes: the name that a reference refers to, or the name that a line is about.</summary>
    private static void AppendReference(XmlReader element, StringBuilder line)
    {
        switch (element.LocalName)
        {
            case "param" or "typeparam" when element.GetAttribute("name") is { Length: > 0 } name:
                line.Append(name).Append(": ");
                break;
            case "exception" when element.GetAttribute("cref") is { Length: > 0 } name:
                line.Append(NameOf(name)).Append(": ");
                break;
            case "paramref" or "typeparamref" when element.GetAttribute("name") is { Length: > 0 } name:
                line.Append(name);
                break;
            case "see" or "seealso" or "xref" when element.IsEmptyElement:
                var target = element.GetAttribute("cref") ?? element.GetAttribute("langword") ?? element.GetAttribute("href") ?? element.GetAttribute("uid");
                line.Append(NameOf(target ?? string.Empty));
                break;
            default:
                break;
        }
    }

    /// <summary>A reference without its kind (<c>T:</c>) and without the count of type parameters (<c>`1</c>).</summary>
    private static string NameOf(string reference)
    {
        var name = reference.Length > 2 && reference[1] == ':' ? reference[2..] : reference;
        var tick = name.IndexOf('`', StringComparison.Ordinal);
        if (tick < 0)
        {
            return name;
        }

        var plain = new StringBuilder(name.Length);
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] != '`')
            {
                plain.Append(name[i]);
                continue;
            }

            while (i + 1 < name.Length && (name[i + 1] == '`' || char.IsAsciiDigit(name[i + 1])))
            {
                i++;
            }
        }

        return plain.ToString();
    }

    private static void AppendCollapsed(string value, StringBuilder line)
    {
        foreach (var character in value)
        {
            if (char.IsWhiteSpace(character))
            {
                if (line.Length > 0 && line[^1] != ' ')
                {
                    line.Append(' ');
                }
            }
            else if (character != '\0')
            {
                line.Append(character);
            }
        }
    }

    private static void EndLine(StringBuilder line, StringBuilder text, ref int start)
    {
        while (line.Length > 0 && line[^1] == ' ')
        {
            line.Length--;
        }

        // A line that holds no more than its own label ("value:") says nothing.
        if (line.Length > 0 && line[^1] != ':')
        {
            if (text.Length > 0)
            {
                // An empty line sets a member off from the one before it.
                text.Append(text.Length == start ? "\n\n" : "\n");
            }

            text.Append(line);
        }

        line.Clear();
    }
}
