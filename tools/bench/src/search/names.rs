//! Names of the made-up patients: one for each word, the most frequent first.

pub const FIRST_NAMES: &str = "\
    James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard \
    Susan Joseph Jessica Thomas Sarah Christopher Karen Charles Lisa Daniel Nancy Matthew Sandra \
    Anthony Ashley Mark Emily Steven Kimberly Paul Margaret Andrew Donna Joshua Michelle Kenneth \
    Carol Kevin Amanda Brian Melissa Timothy Deborah Ronald Stephanie Jason Rebecca Edward Laura \
    Jeffrey Helen Ryan Sharon Jacob Cynthia Nicholas Kathleen Gary Amy Eric Angela Jonathan Anna \
    Stephen Ruth Larry Brenda Justin Pamela Scott Nicole Brandon Katherine Benjamin Samantha Samuel \
    Christine Gregory Emma Alexander Catherine Patrick Virginia Frank Debra Raymond Rachel Jack \
    Janet Dennis Maria Jerry Carolyn Tyler Heather Aaron Diane José Olivia Adam Julie Nathan Joyce \
    Henry Victoria Zachary Kelly Douglas Christina Peter Lauren Kyle Joan Noah Evelyn Ethan Judith \
    Jeremy Megan Walter Andrea Christian Cheryl Keith Hannah Mohammed Fatima Ahmed Aisha Wei Mei \
    Hiroshi Yuki Minh Lan Ravi Priya Omar Leila Juan Carmen Luis Sofía Carlos Lucía Ivan Olga Dmitri \
    Natalia Jürgen Ingrid Søren Åsa Kwame Amara Tomasz Zofia Анна Иван Мария Ελένη Γιώργος فاطمة \
    محمد רבקה प्रिया राहुल 秀英 伟 さくら 健太 지영 민수";

pub const LAST_NAMES: &str = "\
    Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez \
    Gonzalez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris \
    Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill \
    Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez Phillips \
    Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers \
    Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson \
    Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo Sanders \
    Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry Russell Sullivan Bell Coleman Butler \
    Henderson Barnes Fisher Vasquez Simmons Graham Murray Ford Castro Marshall Owens Harrison \
    Fernandez McDonald Woods Washington Kennedy Wells Vargas Henry Chen Freeman Webb Tucker Guzman \
    Burns Crawford Olson Simpson Porter Hunter Gordon Mendez Silva Shaw Snyder Mason Dixon Muñoz \
    Hunt Hicks Holmes Palmer Wagner Black Robertson Boyd Rose Stone Salazar Fox Quinn Quispe \
    Quintero Quiroga Quigley Khan Singh Tanaka Satō Müller Weiß O’Connor Østergård Ångström Nowak \
    Kowalski Иванова Кузнецов Παπαδοπούλου Νικολαΐδης حداد منصور כהן לוי शर्मा वर्मा 王 李 田中 佐藤 김 이";
